"""Which versions of a plugin a license admits, and optionally exactly which wheel."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from threatweaver_licensing.errors import LicenseMalformed
from threatweaver_licensing.strict import Checks

LONGEST_RANGE: Final = 100

_check = Checks(LicenseMalformed)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEMBERS: Final = frozenset({"name", "versions"})

# The public part of PEP 440: no local versions, no "===", no spellings that need normalizing.
_NUMBER = r"[0-9]{1,9}"
_EPOCH = rf"(?:{_NUMBER}!)?"
_SUFFIX = rf"(?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?"
_RELEASE = rf"{_NUMBER}(?:\.{_NUMBER})"
_RANGE = re.compile(
    rf"(?:>=|<=|>|<|==|!=){_EPOCH}{_RELEASE}{{0,5}}{_SUFFIX}"
    rf"|(?:==|!=){_EPOCH}{_RELEASE}{{0,5}}\.\*"
    rf"|~={_EPOCH}{_RELEASE}{{1,5}}{_SUFFIX}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginConstraint:
    """A plugin's distribution, the versions of it that are licensed, and the digest of the one wheel.

    `versions` are PEP 440 specifiers such as ">=1.2,<2"; `sha256` is what `wheels.record_digest` computes.
    """

    name: str
    versions: str
    sha256: str | None = None

    def __post_init__(self) -> None:
        _check.pattern("plugins.name", self.name, _NAME)
        _versions(self.versions)
        if self.sha256 is not None:
            _check.pattern("plugins.sha256", self.sha256, _SHA256)

    def to_payload(self) -> dict[str, Any]:
        """The constraint as a member of a license's payload."""
        payload = {"name": self.name, "versions": self.versions}
        return payload if self.sha256 is None else payload | {"sha256": self.sha256}

    @classmethod
    def from_payload(cls, payload: object) -> Self:
        """The constraint of a payload's member, or LicenseMalformed."""
        found = _check.members("plugins", payload, required=_MEMBERS, optional=frozenset({"sha256"}))
        return cls(name=found["name"], versions=found["versions"], sha256=found.get("sha256"))


def distribution_name(name: str) -> str:
    """A distribution's name in the one spelling that constraints use (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def all_different(constraints: Iterable[PluginConstraint]) -> None:
    """Refuse two constraints on one plugin: which one holds would be a guess."""
    names = [item.name for item in constraints]
    if len(set(names)) != len(names):
        raise LicenseMalformed("plugins", "names a plugin twice")


def _versions(value: object) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_RANGE:
        raise LicenseMalformed("plugins.versions", f"must be a text of 1 to {LONGEST_RANGE} characters")
    for part in value.split(","):
        if not _RANGE.fullmatch(part.removeprefix(" ")):
            raise LicenseMalformed("plugins.versions", "must be version ranges such as >=1.2,<2")
