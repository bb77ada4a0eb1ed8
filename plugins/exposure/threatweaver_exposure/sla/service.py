"""The policy, and what it says about what is open. No request, no schema, no status code."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.sla import queries
from threatweaver_exposure.sla.models import SlaPolicy

TIERS = tuple(name.lower() for name in SEVERITIES)
"""The columns of the policy, INFO first."""
DEFAULTS: Mapping[str, int | None] = {"critical": 7, "high": 30, "medium": 90, "low": 180, "info": None}


async def policy() -> dict[str, Any]:
    """Return the allowed days by severity, and who set them when: nobody, for the defaults."""
    row = await SlaPolicy.get_or_none(id=1)
    if row is None:
        return {**DEFAULTS, "updatedBy": None, "updatedAt": None}
    days = {tier: getattr(row, tier) for tier in DEFAULTS}
    return {**days, "updatedBy": row.updated_by, "updatedAt": row.updated_at}


async def set_policy(days: Mapping[str, int | None], *, by: UUID) -> dict[str, Any]:
    """Replace the allowed days of every severity; return the policy."""
    at = await queries.store_policy([days[tier] for tier in TIERS], by=by)
    return {**days, "updatedBy": by, "updatedAt": at}


async def compliance(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is in time and what is not, by severity with the worst first, now or at the end of a day.

    The policy is that of now. What has no allowed days is neither, and not in the total.
    """
    days = await allowed_days()
    today = query.get("as_of") or _today()
    found = {row["severity"]: row for row in await queries.compliance(days, today, query)}
    tiers = [
        _tier(number, days[number], today, found.get(number)) for number in reversed(range(len(SEVERITIES)))
    ]
    judged = [tier for tier in tiers if tier["allowedDays"] is not None]
    names = ("active", "within", "dueSoon", "breached")
    total = {name: sum(tier[name] for tier in judged) for name in names}
    return {"day": today, "tiers": tiers, "total": {**total, "compliancePercent": _percent(total)}}


def _tier(number: int, days: int | None, today: date, row: Mapping[str, int] | None) -> dict[str, Any]:
    active, breached, due_soon = (row["active"], row["breached"], row["due_soon"]) if row else (0, 0, 0)
    counts = {
        "active": active,
        "within": 0 if days is None else active - breached,
        "dueSoon": due_soon,
        "breached": breached,
    }
    return {
        "severity": SEVERITIES[number],
        "allowedDays": days,
        "withinSince": None if days is None else today - timedelta(days=days),
        **counts,
        "compliancePercent": _percent(counts),
    }


def _percent(counts: Mapping[str, int]) -> float | None:
    judged = counts["within"] + counts["breached"]
    return round(100 * counts["within"] / judged, 1) if judged else None


async def forecast(query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return for each of the coming weeks how many will be breached that are not yet, if nothing is fixed."""
    today = _today()
    counts = {
        (row["week"], SEVERITIES[row["severity"]].lower()): row["total"]
        for row in await queries.forecast(await allowed_days(), today, query)
    }
    weeks = []
    for week in range(1, queries.WEEKS + 1):
        by_severity = {tier: counts.get((week, tier), 0) for tier in DEFAULTS}
        weeks.append(
            {
                "week": week,
                "startsOn": today + timedelta(days=7 * week - 6),
                "endsOn": today + timedelta(days=7 * week),
                "bySeverity": by_severity,
                "total": sum(by_severity.values()),
            }
        )
    return weeks


async def allowed_days() -> Sequence[int | None]:
    """Return the allowed days by severity, INFO first."""
    known = await policy()
    return [known[tier] for tier in TIERS]


def _today() -> date:
    return datetime.now(UTC).date()
