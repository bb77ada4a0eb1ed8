"""Changing who may come in from where. No request, no schema, no status code; in a control scope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from threatweaver.admin.network.errors import TooManyRules, WouldLockOut
from threatweaver.auth.principal import Principal
from threatweaver.db.transaction import connection
from threatweaver.http.errors import Conflict, NotFound, Unprocessable
from threatweaver.tenancy.models import NetworkRule
from threatweaver.tenancy.network import Kind, Ranges, network, parse_address, parse_range

_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an address would pass, and the lines of both lists that have it."""

    address: str
    allowed: bool
    refused_by: Kind | None
    rules: list[UUID]


async def rules(tenant_id: UUID, kind: Kind) -> list[NetworkRule]:
    """Return one list, oldest first, expired lines included."""
    return await NetworkRule.filter(tenant_id=tenant_id, kind=kind).order_by("created_at", "id")


async def add(by: Principal, address: str, kind: Kind, *, range: str, **members: Any) -> NetworkRule:  # noqa: A002
    """Add a line. Raises Conflict, TooManyRules, Unprocessable, WouldLockOut."""
    known = await _locked(by.tenant_id)
    if any((rule.kind, rule.range) == (kind, range) for rule in known):
        raise Conflict(f"{range} is on this list already.")
    if sum(rule.kind == kind for rule in known) >= _MOST:
        raise TooManyRules
    rule = NetworkRule(tenant_id=by.tenant_id, kind=kind, range=range, created_by=by.user_id, **members)
    _refuse_past(rule.expires_at)
    _refuse_lock_out([*known, rule], address)
    await rule.save()
    return rule


async def update(
    by: Principal, address: str, kind: Kind, rule_id: UUID, members: Mapping[str, Any]
) -> NetworkRule:
    """Change a line's reason or end. Raises NotFound, Unprocessable, WouldLockOut."""
    known = await _locked(by.tenant_id)
    rule = _find(known, kind, rule_id)
    rule.update_from_dict(dict(members))
    if "expires_at" in members:
        _refuse_past(rule.expires_at)
    _refuse_lock_out(known, address)
    await rule.save()
    return rule


async def remove(by: Principal, address: str, kind: Kind, rule_id: UUID) -> NetworkRule:
    """Remove a line and return it. Raises NotFound, WouldLockOut."""
    known = await _locked(by.tenant_id)
    rule = _find(known, kind, rule_id)
    _refuse_lock_out([item for item in known if item is not rule], address)
    await rule.delete()
    return rule


async def check(tenant_id: UUID, address: str) -> Verdict:
    """Say whether an address would pass now, and which lines have it."""
    alive = _alive(await NetworkRule.filter(tenant_id=tenant_id), datetime.now(UTC))
    refused_by = network((rule.kind, rule.range) for rule in alive).refusal(address)
    return Verdict(
        address=str(parse_address(address)),
        allowed=refused_by is None,
        refused_by=refused_by,
        rules=[rule.id for rule in alive if _has(rule, address)],
    )


async def clear(tenant_id: UUID) -> int:
    """Remove every line of both lists, for an operator's command; return how many there were."""
    return await NetworkRule.filter(tenant_id=tenant_id).delete()


async def _locked(tenant_id: UUID) -> list[NetworkRule]:
    """Return both lists; two changes that are each harmless must not lock somebody out together."""
    await connection().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('network ' || $1, 42))", str(tenant_id)
    )
    return await NetworkRule.filter(tenant_id=tenant_id)


def _find(known: Iterable[NetworkRule], kind: Kind, rule_id: UUID) -> NetworkRule:
    for rule in known:
        if rule.id == rule_id and rule.kind == kind:
            return rule
    raise NotFound


def _refuse_past(moment: datetime | None) -> None:
    if moment is not None and moment <= datetime.now(UTC):
        raise Unprocessable("The rule would have expired already.")


def _alive(known: Iterable[NetworkRule], moment: datetime) -> list[NetworkRule]:
    return [rule for rule in known if rule.expires_at is None or rule.expires_at > moment]


def _has(rule: NetworkRule, address: str) -> bool:
    parsed = parse_address(address)
    return parsed is not None and parsed in Ranges([parse_range(rule.range)])


def _refuse_lock_out(known: list[NetworkRule], address: str) -> None:
    """Refuse lists that keep the caller out now, or once the lines that let them in have expired."""
    own = [rule for rule in known if rule.kind == Kind.ALLOW and _has(rule, address)]
    moments = {datetime.now(UTC), *(rule.expires_at for rule in own if rule.expires_at is not None)}
    for moment in sorted(moments):
        alive = _alive(known, moment)
        if (by := network((rule.kind, rule.range) for rule in alive).refusal(address)) is not None:
            raise WouldLockOut(
                f"Your own address {address} would be {_WHY[by]} from {moment:%Y-%m-%d %H:%M} UTC on.",
                address=address,
            )


_WHY = {Kind.BLOCK: "blocked", Kind.ALLOW: "missing on the allow list"}
