"""What a license says: the claims, their ranges, and their form on the wire."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Self, get_args

from threatweaver_licensing.constraints import PluginConstraint, all_different, distribution_name
from threatweaver_licensing.errors import LicenseMalformed
from threatweaver_licensing.strict import Checks

LicenseType = Literal["trial", "standard", "enterprise", "oem"]
Deployment = Literal["dedicated", "saas"]
Modules = frozenset[str] | Literal["*"]

ALL: Final = "*"
ISSUER: Final = "threatweaver-license"
VERSION: Final = 1
LONGEST_GRACE: Final = 365

JTI: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")

_check = Checks(LicenseMalformed)
_MODULE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_REQUIRED = frozenset(
    {"jti", "iss", "ver", "customer", "iat", "exp", "type", "modules", "seats", "deployment"}
)
_OPTIONAL = frozenset({"nbf", "tenants", "plugins", "limits", "graceDays", "fingerprint"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a thing the license allows; None is no limit."""

    assets: int | None = None
    sensors: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("limits.assets", self.assets), ("limits.sensors", self.sensors)):
            if value is not None:
                _check.count(name, value, least=0)


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
    tenant_names: tuple[str, ...] | None = None
    plugins: tuple[PluginConstraint, ...] = ()
    deployment: Deployment = "dedicated"
    limits: Limits = field(default_factory=Limits)
    grace_days: int = 7
    fingerprint: str | None = None

    def __post_init__(self) -> None:
        _check.pattern("jti", self.jti, JTI)
        _check.text("customer", self.customer, longest=200)
        _check.choice("type", self.type, get_args(LicenseType))
        _check.choice("deployment", self.deployment, get_args(Deployment))
        _modules(self.modules)
        _check.count("seats", self.seats, least=1)
        _tenants(self.tenants_max, self.tenant_names)
        _plugins(self.plugins)
        _check.count("graceDays", self.grace_days, least=0, most=LONGEST_GRACE)
        if not isinstance(self.limits, Limits):
            raise LicenseMalformed("limits", "must be an object")
        if self.fingerprint is not None:
            _check.text("fingerprint", self.fingerprint, longest=256)
        self._check_times()

    def _check_times(self) -> None:
        for name, member in (("issued_at", "iat"), ("not_before", "nbf"), ("expires_at", "exp")):
            moment = getattr(self, name)
            if moment is not None or name != "not_before":
                object.__setattr__(self, name, _check.utc(member, moment))
        if self.expires_at <= self.issued_at:
            raise LicenseMalformed("exp", "must be later than iat")
        if self.not_before is not None and self.expires_at <= self.not_before:
            raise LicenseMalformed("exp", "must be later than nbf")

    def grants(self, module_id: str) -> bool:
        """Whether the license names this module."""
        return self.modules == ALL or module_id in self.modules

    def constraint_on(self, distribution: str) -> PluginConstraint | None:
        """The constraint on a plugin's distribution, however its name is spelled; None admits any version."""
        name = distribution_name(distribution)
        return next((item for item in self.plugins if item.name == name), None)

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
        if self.tenant_names is not None:
            payload["tenants"]["names"] = list(self.tenant_names)
        if self.plugins:
            payload["plugins"] = [item.to_payload() for item in self.plugins]
        if self.not_before is not None:
            payload["nbf"] = int(self.not_before.timestamp())
        if self.fingerprint is not None:
            payload["fingerprint"] = self.fingerprint
        return payload

    @classmethod
    def from_payload(cls, payload: object) -> Self:
        """The claims of a JWT payload, or LicenseMalformed naming the field that is wrong."""
        found = _check.members("payload", payload, required=_REQUIRED, optional=_OPTIONAL)
        if found["iss"] != ISSUER:
            raise LicenseMalformed("iss", "is not the issuer of ThreatWeaver licenses")
        if type(found["ver"]) is not int or found["ver"] != VERSION:
            raise LicenseMalformed("ver", f"must be {VERSION}")
        tenants = _members("tenants", found, "max", "names")
        limits = _members("limits", found, "assets", "sensors")
        names, not_before = tenants.get("names"), found.get("nbf")
        return cls(
            jti=found["jti"],
            customer=found["customer"],
            issued_at=_check.seconds("iat", found["iat"]),
            not_before=None if not_before is None else _check.seconds("nbf", not_before),
            expires_at=_check.seconds("exp", found["exp"]),
            type=found["type"],
            modules=_from_list(found["modules"]),
            seats=found["seats"],
            tenants_max=tenants.get("max"),
            tenant_names=None if names is None else _as_tuple("tenants.names", names),
            plugins=tuple(map(PluginConstraint.from_payload, _as_tuple("plugins", found.get("plugins", [])))),
            deployment=found["deployment"],
            limits=Limits(assets=limits.get("assets"), sensors=limits.get("sensors")),
            grace_days=found.get("graceDays", 7),
            fingerprint=found.get("fingerprint"),
        )


def _members(field: str, found: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return _check.members(field, found.get(field, {}), optional=frozenset(names))


def _tenants(most: int | None, names: tuple[str, ...] | None) -> None:
    if most is not None:
        _check.count("tenants.max", most, least=1)
    if names is None:
        return
    if not isinstance(names, tuple) or not names:
        raise LicenseMalformed("tenants.names", "must be a list of one slug or more")
    for name in names:
        _check.pattern("tenants.names", name, _SLUG)
    if len(set(names)) != len(names):
        raise LicenseMalformed("tenants.names", "names a tenant twice")
    if most is not None and len(names) > most:
        raise LicenseMalformed("tenants.names", "names more tenants than tenants.max")


def _plugins(value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(item, PluginConstraint) for item in value):
        raise LicenseMalformed("plugins", "must be a list of constraints")
    all_different(value)


def _from_list(value: Any) -> Modules:
    if value == ALL:
        return ALL
    if not isinstance(value, list) or not all(isinstance(module, str) for module in value):
        raise LicenseMalformed("modules", 'must be a list of module ids or "*"')
    if len(set(value)) != len(value):
        raise LicenseMalformed("modules", "names a module twice")
    return frozenset(value)


def _as_tuple(field: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise LicenseMalformed(field, "must be a list")
    return tuple(value)


def _modules(value: object) -> None:
    if value == ALL:
        return
    if not isinstance(value, frozenset):
        raise LicenseMalformed("modules", 'must be a set of module ids or "*"')
    for module in value:
        _check.pattern("modules", module, _MODULE)
