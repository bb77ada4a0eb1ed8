"""The settings of a tenant, declared: each member has a type, a field on the wire, a title and a default."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_type_hints

from marshmallow import fields, validate

Registration = Literal["closed", "invited", "open"]

_DOMAIN = validate.Regexp(
    r"\A(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z",
    error="Must be a domain in lower case, like example.com.",
)


@dataclass(frozen=True, slots=True)
class About:
    """What the type of a member does not say; `kind` validates it on the wire."""

    kind: fields.Field[Any]
    title: str
    group: str


def _flag() -> fields.Field[Any]:
    return fields.Boolean(truthy={True}, falsy={False})


def _whole(least: int, most: int) -> fields.Field[Any]:
    return fields.Integer(strict=True, validate=validate.Range(least, most))


def _few(rule: validate.Validator, example: str) -> fields.Field[Any]:
    return fields.List(
        fields.String(validate=rule), validate=validate.Length(0, 50), metadata={"example": [example]}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """One version of a tenant's settings; read it with `service.read`."""

    registration: Annotated[
        Registration,
        About(
            fields.String(validate=validate.OneOf(get_args(Registration))),
            "Who may make an account: nobody, invited people, or everybody of the registration domains",
            "signIn",
        ),
    ] = "closed"
    registration_domains: Annotated[
        tuple[str, ...],
        About(
            _few(_DOMAIN, "example.com"),
            "E-mail domains that may register when registration is open; none means every domain",
            "signIn",
        ),
    ] = ()
    sso_required: Annotated[
        bool,
        About(
            _flag(), "People sign in with single sign-on only, but for break-glass administrators", "signIn"
        ),
    ] = False
    mfa_required: Annotated[bool, About(_flag(), "People must use a second factor", "signIn")] = False
    password_min_length: Annotated[
        int, About(_whole(12, 128), "Characters that a new password needs at least", "passwords")
    ] = 12
    session_idle_minutes: Annotated[
        int, About(_whole(5, 10_080), "Minutes without a request after which a session ends", "sessions")
    ] = 1440
    session_max: Annotated[
        int,
        About(_whole(1, 100), "Sessions a person may have at a time; one more ends the oldest", "sessions"),
    ] = 20
    notifications_per_hour: Annotated[
        int,
        About(
            _whole(10, 100_000),
            "Notifications an hour at most; the least severe beyond are counted, and not sent",
            "notifications",
        ),
    ] = 200


DECLARED: Mapping[str, About] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(TenantSettings, include_extras=True).items()
}


def load(stored: Mapping[str, Any]) -> TenantSettings:
    """Return the settings of stored members; those of another version of the product are left out."""
    members: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in DECLARED
    }
    return TenantSettings(**members)


def plain(settings: TenantSettings) -> dict[str, Any]:
    """Return name → JSON value of every member."""
    members = dataclasses.asdict(settings)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in members.items()}
