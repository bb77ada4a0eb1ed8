"""The posture of a tenant: what an administrator should look at, as checks that pass or do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from threatweaver.security import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """One check; it passes when nothing is counted."""

    name: str
    advice: str


_CHECKS = {
    "admins_no_mfa": _Check(name="adminsWithMfa", advice="Let every administrator set up a second factor."),
    "no_mfa": _Check(name="everybodyWithMfa", advice="Require a second factor in the tenant's settings."),
    "break_glass_no_mfa": _Check(
        name="breakGlassWithMfa", advice="Give the break-glass account a second factor kept in a safe."
    ),
    "idle": _Check(name="noIdleMembers", advice="Deactivate members who were not here for 90 days."),
    "expired_tokens": _Check(name="noExpiredTokens", advice="Revoke API tokens that have expired."),
    "unbound_tokens": _Check(name="tokensBoundToAddresses", advice="Bind API tokens to networks."),
}


async def posture(tenant_id: UUID) -> list[dict[str, Any]]:
    """Return every check with its outcome, in a control scope."""
    counts = await queries.posture(tenant_id)
    checks = [_wire(check, counts[name]) for name, check in _CHECKS.items()]
    return [*checks, _administrators(counts)]


def _wire(check: _Check, count: int) -> dict[str, Any]:
    return {"name": check.name, "passed": count == 0, "count": count, "advice": check.advice}


def _administrators(counts: Mapping[str, int]) -> dict[str, Any]:
    """One administrator alone is one illness away from nobody."""
    missing = max(0, 2 - counts["admins"])
    return {
        "name": "severalAdministrators",
        "passed": missing == 0,
        "count": missing,
        "advice": "Have two administrators at least.",
    }
