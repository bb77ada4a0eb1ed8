"""What a license says: the claims, their ranges, and their form on the wire."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, get_args

from threatweaver_licensing.errors import LicenseMalformed

LicenseType = Literal["trial", "standard", "enterprise", "oem"]
Deployment = Literal["dedicated", "saas"]
Modules = frozenset[str] | Literal["*"]

ALL: Final = "*"
ISSUER: Final = "threatweaver-license"
VERSION: Final = 1

LARGEST_COUNT: Final = 2**31 - 1  # what a PostgreSQL integer holds
LONGEST_GRACE: Final = 365
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)  # leaves room to add a grace period

_JTI = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_MODULE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_REQUIRED = frozenset(
    {"jti", "iss", "ver", "customer", "iat", "exp", "type", "modules", "seats", "deployment"}
)
_OPTIONAL = frozenset({"nbf", "tenants", "limits", "graceDays", "fingerprint"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a thing the license allows; None is no limit."""

    assets: int | None = None
    sensors: int | None = None

    def __post_init__(self) -> None:
        _count("limits.assets", self.assets, least=0, optional=True)
        _count("limits.sensors", self.sensors, least=0, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a license grants, to whom and until when; always valid, or LicenseMalformed was raised."""

    jti: str
    customer: str
    issued_at: datetime
    not_before: datetime | None = None
    expires_at: datetime
    type: LicenseType
    modules: Modules
    seats: int
    tenants_max: int | None = None
    deployment: Deployment = "dedicated"
    limits: Limits = field(default_factory=Limits)
    grace_days: int = 7
    fingerprint: str | None = None

    def __post_init__(self) -> None:
        _pattern("jti", self.jti, _JTI)
        _text("customer", self.customer, longest=200)
        _choice("type", self.type, get_args(LicenseType))
        _choice("deployment", self.deployment, get_args(Deployment))
        _modules(self.modules)
        _count("seats", self.seats, least=1)
        _count("tenants.max", self.tenants_max, least=1, optional=True)
        _count("graceDays", self.grace_days, least=0, most=LONGEST_GRACE)
        if not isinstance(self.limits, Limits):
            raise LicenseMalformed("limits", "must be an object")
        if self.fingerprint is not None:
            _text("fingerprint", self.fingerprint, longest=256)
        self._check_times()

    def _check_times(self) -> None:
        for name, member in (("issued_at", "iat"), ("not_before", "nbf"), ("expires_at", "exp")):
            moment = getattr(self, name)
            if moment is not None or name != "not_before":
                object.__setattr__(self, name, _utc(member, moment))
        if self.expires_at <= self.issued_at:
            raise LicenseMalformed("exp", "must be later than iat")
        if self.not_before is not None and self.expires_at <= self.not_before:
            raise LicenseMalformed("exp", "must be later than nbf")

    def grants(self, module_id: str) -> bool:
        """Whether the license names this module."""
        return self.modules == ALL or module_id in self.modules

    def to_payload(self) -> dict[str, Any]:
        """The claims as a JWT payload; fractions of a second are dropped."""
        payload: dict[str, Any] = {
            "iss": ISSUER,
            "ver": VERSION,
            "jti": self.jti,
            "customer": self.customer,
            "iat": int(self.issued_at.timestamp()),
            "exp": int(self.expires_at.timestamp()),
            "type": self.type,
            "modules": ALL if self.modules == ALL else sorted(self.modules),
            "seats": self.seats,
            "tenants": {"max": self.tenants_max},
            "deployment": self.deployment,
            "limits": {"assets": self.limits.assets, "sensors": self.limits.sensors},
            "graceDays": self.grace_days,
        }
        if self.not_before is not None:
            payload["nbf"] = int(self.not_before.timestamp())
        if self.fingerprint is not None:
            payload["fingerprint"] = self.fingerprint
        return payload

    @classmethod
    def from_payload(cls, payload: object) -> Self:
        """The claims of a JWT payload, or LicenseMalformed naming the field that is wrong."""
        found = _members("payload", payload, required=_REQUIRED, optional=_OPTIONAL)
        if found["iss"] != ISSUER:
            raise LicenseMalformed("iss", "is not the issuer of ThreatWeaver licenses")
        if type(found["ver"]) is not int or found["ver"] != VERSION:
            raise LicenseMalformed("ver", f"must be {VERSION}")
        tenants = _members("tenants", found.get("tenants", {}), optional=frozenset({"max"}))
        limits = _members("limits", found.get("limits", {}), optional=frozenset({"assets", "sensors"}))
        not_before = found.get("nbf")
        return cls(
            jti=found["jti"],
            customer=found["customer"],
            issued_at=_from_seconds("iat", found["iat"]),
            not_before=None if not_before is None else _from_seconds("nbf", not_before),
            expires_at=_from_seconds("exp", found["exp"]),
            type=found["type"],
            modules=_from_list(found["modules"]),
            seats=found["seats"],
            tenants_max=tenants.get("max"),
            deployment=found["deployment"],
            limits=Limits(assets=limits.get("assets"), sensors=limits.get("sensors")),
            grace_days=found.get("graceDays", 7),
            fingerprint=found.get("fingerprint"),
        )


def shown(name: str) -> str:
    """A member name from outside as an error message may repeat it."""
    return name if _SAFE_NAME.fullmatch(name) else "(a name not shown)"


def _members(
    field: str,
    value: object,
    *,
    required: frozenset[str] = frozenset(),
    optional: frozenset[str] = frozenset(),
) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise LicenseMalformed(field, "must be an object")
    if unknown := sorted(value.keys() - required - optional):
        raise LicenseMalformed(shown(unknown[0]), "is not a known field")
    if missing := sorted(required - value.keys()):
        raise LicenseMalformed(missing[0], "is missing")
    return value


def _from_seconds(field: str, value: object) -> datetime:
    if type(value) is not int:  # neither a bool nor a float
        raise LicenseMalformed(field, "must be whole seconds since 1970")
    if not EARLIEST.timestamp() <= value <= LATEST.timestamp():
        raise LicenseMalformed(field, f"must lie between {EARLIEST.year} and {LATEST.year}")
    return datetime.fromtimestamp(value, UTC)


def _from_list(value: Any) -> Modules:
    if value == ALL:
        return ALL
    if not isinstance(value, list) or not all(isinstance(module, str) for module in value):
        raise LicenseMalformed("modules", 'must be a list of module ids or "*"')
    if len(set(value)) != len(value):
        raise LicenseMalformed("modules", "names a module twice")
    return frozenset(value)


def _utc(field: str, value: object) -> datetime:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise LicenseMalformed(field, "must be a time with a time zone")
    if not EARLIEST <= value <= LATEST:
        raise LicenseMalformed(field, f"must lie between {EARLIEST.year} and {LATEST.year}")
    return value.astimezone(UTC)


def _pattern(field: str, value: object, pattern: re.Pattern[str]) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise LicenseMalformed(field, f"must match {pattern.pattern}")


def _text(field: str, value: object, *, longest: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise LicenseMalformed(field, f"must be a text of 1 to {longest} characters")
    if not value.isprintable() or value != value.strip():
        raise LicenseMalformed(field, "must be printable, without blanks at the ends")


def _choice(field: str, value: object, allowed: Collection[str]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise LicenseMalformed(field, f"must be one of {', '.join(allowed)}")


def _modules(value: object) -> None:
    if value == ALL:
        return
    if not isinstance(value, frozenset):
        raise LicenseMalformed("modules", 'must be a set of module ids or "*"')
    for module in value:
        _pattern("modules", module, _MODULE)


def _count(
    field: str, value: object, *, least: int, most: int = LARGEST_COUNT, optional: bool = False
) -> None:
    if optional and value is None:
        return
    if type(value) is not int or not least <= value <= most:  # a bool is no count
        raise LicenseMalformed(field, f"must be a whole number from {least} to {most}")
