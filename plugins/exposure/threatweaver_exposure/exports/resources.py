"""What can be exported: the lists, by the names their paths have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from threatweaver.sdk import Listing
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities import queries as vulnerabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A list that can be exported: who may read it, which list some filters mean, how the API shows a row."""

    permission: Perm
    listing: Callable[[Mapping[str, Any]], Listing]
    shape: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    formats: tuple[str, ...]


RESOURCES = {
    "vulnerabilities": Exported(
        permission=Perm.VULNERABILITY_READ,
        listing=vulnerabilities.listing,
        shape=lambda row: row,
        formats=("csv", "json", "ndjson", "sarif", "xlsx"),
    ),
    "assets": Exported(
        permission=Perm.ASSET_READ,
        listing=lambda _: assets.LISTING,
        shape=assets.nested,
        formats=("csv", "json", "ndjson", "xlsx"),
    ),
}


def filters_of(resource: str) -> Any:
    """Return the schema of a list's filters."""
    return RESOURCES[resource].listing({}).filters()
