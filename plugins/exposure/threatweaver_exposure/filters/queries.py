"""Reads of saved filters."""

from collections.abc import Mapping

from marshmallow import fields, validate

from threatweaver.sdk import Listing, Where, eq, search
from threatweaver_exposure.assets.queries import LISTING as ASSETS
from threatweaver_exposure.vulnerabilities.queries import LISTING as VULNERABILITIES

LISTS: Mapping[str, Listing] = {"vulnerabilities": VULNERABILITIES, "assets": ASSETS}
"""The lists that filters can be saved for, by the name of their `resource`."""

SAVED = Listing(
    source="exposure_saved_filter",
    columns={
        "id": "id",
        "name": "name",
        "resource": "resource",
        "query": "query",
        "shared": "shared",
        "alert": "alert",
        "ownerId": "owner_id",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    },
    where=(
        Where("seen_by", None, "(shared OR owner_id = {})"),
        eq("resource", fields.String(validate=validate.OneOf([*LISTS]))),
        eq("shared", fields.Boolean()),
        eq("alert", fields.Boolean()),
        search("name"),
    ),
    sort={"name": "name", "createdAt": "created_at", "updatedAt": "updated_at"},
    default_sort="name",
    objects=frozenset({"query"}),
)
"""The caller's own filters and those that others share; who calls is `seen_by`."""
