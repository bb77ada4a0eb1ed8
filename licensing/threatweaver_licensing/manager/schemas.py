"""What comes in over the wire: strict, field by field. A license's own members are checked by its claims."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from threatweaver_licensing.claims import LicenseType
from threatweaver_licensing.manager.errors import ValidationFailed
from threatweaver_licensing.state import State
from threatweaver_licensing.strict import Checks, shown

CLAIMS: Final = frozenset(
    {"type", "modules", "seats", "tenants", "plugins", "deployment", "limits", "graceDays", "fingerprint"}
)
LONGEST_DAYS: Final = 36_500

_check = Checks(ValidationFailed)
_END: Final = frozenset({"days", "expires"})
_STATES: Final = [state.value for state in State if state is not State.UNLICENSED]
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """When a license ends: after so many days, or at a moment."""

    days: int | None
    moment: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A license to issue."""

    customer: str
    reference: str | None
    not_before: datetime | None
    end: End
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What a renewal changes."""

    reference: str | None
    end: End
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which licenses are looked for."""

    page: int
    limit: int
    customer: str | None
    state: State | None
    type: str | None
    search: str | None
    expires_before: datetime | None


def order(body: object) -> Order:
    """The body of `POST /api/licenses`."""
    found = _check.members(
        "body",
        body,
        required=frozenset({"customer", "modules", "seats"}),
        optional=CLAIMS | _END | {"reference", "notBefore"},
    )
    start = found.get("notBefore")
    return Order(
        customer=_check.text("customer", found["customer"], longest=200),
        reference=_reference(found),
        not_before=None if start is None else _check.moment("notBefore", start),
        end=_end(found),
        members=_claims(found),
    )


def renewal(body: object) -> Renewal:
    """The body of `POST /api/licenses/{jti}/renew`."""
    found = _check.members("body", body, optional=CLAIMS | _END | {"reference"})
    return Renewal(reference=_reference(found), end=_end(found), members=_claims(found))


def revocation(body: object) -> str:
    """The reason in the body of `POST /api/licenses/{jti}/revoke`."""
    found = _check.members("body", body, required=frozenset({"reason"}))
    return _check.text("reason", found["reason"], longest=200)


def customer(body: object) -> tuple[str, str]:
    """Name and contact in the body of `POST /api/customers`."""
    found = _check.members("body", body, required=frozenset({"name"}), optional=frozenset({"contact"}))
    contact = found.get("contact", "")
    if contact != "":
        _check.text("contact", contact, longest=200)
    return _check.text("name", found["name"], longest=200), contact


def search(query: Mapping[str, str]) -> Search:
    """The query of `GET /api/licenses`."""
    names = {"page", "limit", "customer", "state", "type", "search", "expiresBefore"}
    found = _check.members("query", dict(query), optional=frozenset(names))
    page, limit = _page(found)
    state, kind, before = found.get("state"), found.get("type"), found.get("expiresBefore")
    return Search(
        page=page,
        limit=limit,
        customer=_optional_text(found, "customer"),
        state=None if state is None else State(_check.choice("state", state, _STATES)),
        type=None if kind is None else _check.choice("type", kind, get_args(LicenseType)),
        search=_optional_text(found, "search"),
        expires_before=None if before is None else _check.moment("expiresBefore", before),
    )


def customers(query: Mapping[str, str]) -> tuple[str | None, int, int]:
    """Search text, page and limit in the query of `GET /api/customers`."""
    found = _check.members("query", dict(query), optional=frozenset({"page", "limit", "search"}))
    return _optional_text(found, "search"), *_page(found)


def audit(query: Mapping[str, str]) -> tuple[int, int]:
    """The number after which to start, and the limit, in the query of `GET /api/audit`."""
    found = _check.members("query", dict(query), optional=frozenset({"after", "limit"}))
    return _whole(found, "after", default=0, least=0), _whole(found, "limit", default=100, least=1, most=1000)


def repeated(name: str) -> ValidationFailed:
    """The error for a parameter that stands twice."""
    return ValidationFailed(shown(name), "stands twice")


def nothing(query: Mapping[str, str]) -> None:
    """The query of a path that takes none."""
    _check.members("query", dict(query))


def _claims(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in found.items() if name in CLAIMS}


def _end(found: Mapping[str, Any]) -> End:
    days, expires = found.get("days"), found.get("expires")
    if (days is None) == (expires is None):
        raise ValidationFailed("expires", "say either days or expires")
    return End(
        days=None if days is None else _check.count("days", days, least=1, most=LONGEST_DAYS),
        moment=None if expires is None else _check.moment("expires", expires),
    )


def _reference(found: Mapping[str, Any]) -> str | None:
    reference = found.get("reference")
    return None if reference is None else _check.text("reference", reference, longest=100)


def _optional_text(found: Mapping[str, Any], name: str) -> str | None:
    return _check.text(name, found[name], longest=200) if name in found else None


def _page(found: Mapping[str, Any]) -> tuple[int, int]:
    page = _whole(found, "page", default=1, least=1, most=1_000_000)
    return page, _whole(found, "limit", default=50, least=1, most=500)


def _whole(found: Mapping[str, Any], name: str, *, default: int, least: int, most: int = 999_999_999) -> int:
    if name not in found:
        return default
    text = _check.pattern(name, found[name], _WHOLE)
    return _check.count(name, int(text), least=least, most=most)
