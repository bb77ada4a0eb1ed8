"""What each control comes to. No request, no schema, no status code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.assets.queries import choosing
from threatweaver_exposure.backlog import queries as backlog
from threatweaver_exposure.compliance.controls import CONTROLS, Control, Status
from threatweaver_exposure.dashboard.looks import look
from threatweaver_exposure.sla import queries as sla
from threatweaver_exposure.sla.service import allowed_days

_MONTH = 30


@dataclass(frozen=True, slots=True)
class _Measured:
    """How many of how many, and the lists that show the rest."""

    met: int
    of: int
    shortfall: Sequence[Mapping[str, Any]]


async def status(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return every control of the table with its measure of today; null percent where nothing is measured."""
    today = datetime.now(UTC).date()
    measures = {**await _in_time(today, query), **await _scanned(today, query)}
    controls = [_judged(control, measures[control.measure]) for control in CONTROLS]
    counts = Counter(row["status"] for row in controls)
    return {
        "day": today,
        "met": counts[Status.MET],
        "notMet": counts[Status.NOT_MET],
        "noData": counts[Status.NO_DATA],
        "controls": controls,
    }


def _judged(control: Control, found: _Measured) -> dict[str, Any]:
    return {
        **asdict(control),
        "met": found.met,
        "of": found.of,
        "percent": round(100 * found.met / found.of, 1) if found.of else None,
        "status": control.judged(found.met, found.of),
        "shortfall": found.shortfall,
    }


async def _in_time(today: date, query: Mapping[str, Any]) -> dict[str, _Measured]:
    month = [_MONTH if name == "CRITICAL" else None for name in SEVERITIES]
    return {
        "within_policy": await _within(await allowed_days(), today, query),
        "critical_within_30_days": await _within(month, today, query),
    }


async def _within(days: Sequence[int | None], today: date, query: Mapping[str, Any]) -> _Measured:
    """Measure active vulnerabilities by days since the first sighting; those without a limit do not count."""
    rows = [row for row in await sla.compliance(days, today, query) if days[row["severity"]] is not None]
    active, breached = (sum(row[name] for row in rows) for name in ("active", "breached"))
    wanted = query.get("severity") or range(len(SEVERITIES))
    shortfall = []
    for number, limit in reversed(list(enumerate(days))):
        if limit is not None and number in wanted:
            late = today - timedelta(days=limit + 1)
            end = min(late, query.get("end_date", late))
            shortfall.append(look("/vulnerabilities", query, severity=SEVERITIES[number], endDate=end))
    return _Measured(active - breached, active, shortfall)


async def _scanned(today: date, query: Mapping[str, Any]) -> dict[str, _Measured]:
    assets = choosing(query)
    found = await backlog.coverage(today, assets)
    oldest = [look("/assets", assets, sort="lastSeen")]
    members = {
        "scanned_30_days": "seenWithin30Days",
        "scanned_90_days": "seenWithin90Days",
        "login": "authenticatedWithin30Days",
    }
    return {name: _Measured(found[member], found["assets"], oldest) for name, member in members.items()}
