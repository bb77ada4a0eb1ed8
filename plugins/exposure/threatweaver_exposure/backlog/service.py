"""Counts of the database in the shape that is answered. No request, no schema, no status code."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.backlog import queries

_WORST_FIRST = tuple(reversed(SEVERITIES))


async def aging(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return active vulnerabilities by age and severity, of now or of the end of a day."""
    day = query.get("as_of") or _today()
    found = {(row["band"], row["severity"]): row["total"] for row in await queries.ages(query, day)}
    bands = []
    for number, (first, last) in enumerate(queries.AGE_BANDS):
        bands.append(
            {
                "fromDays": first,
                "toDays": last,
                "startDate": None if last is None else day - timedelta(days=last),
                "endDate": day - timedelta(days=first) if first else None,
                **_counts({name: found.get((number, SEVERITIES.index(name)), 0) for name in SEVERITIES}),
            }
        )
    total = {name: sum(band["bySeverity"][name.lower()] for band in bands) for name in SEVERITIES}
    return {"day": day, "bands": bands, "total": _counts(total)}


def _counts(by_name: Mapping[str, int]) -> dict[str, Any]:
    return {
        "active": sum(by_name.values()),
        "bySeverity": {name.lower(): by_name[name] for name in _WORST_FIRST},
    }


async def asset_exposure(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return assets by worst severity, none last, and time since the last scan."""
    found = {
        (row["severity"], row["band"]): row["total"] for row in await queries.assets_by_scan(_today(), query)
    }
    rows = []
    for number in (*reversed(range(len(SEVERITIES))), queries.NO_WORST):
        counts = [found.get((number, band), 0) for band in range(len(queries.SCAN_BANDS))]
        severity = None if number == queries.NO_WORST else SEVERITIES[number]
        rows.append({"severity": severity, "counts": counts, "assets": sum(counts)})
    columns = [
        {"fromDays": first, "toDays": last, "assets": sum(row["counts"][band] for row in rows)}
        for band, (first, last) in enumerate(queries.SCAN_BANDS)
    ]
    return {"columns": columns, "rows": rows, "assets": sum(row["assets"] for row in rows)}


async def accepted() -> dict[str, Any]:
    """Return accepted vulnerabilities by severity, the worst first, and by when their acceptance runs out."""
    found = {SEVERITIES[row["severity"]]: row for row in await queries.acceptances(_today())}
    tiers = [{"severity": name, **_running(found.get(name))} for name in _WORST_FIRST]
    return {"tiers": tiers, "total": {name: sum(tier[name] for tier in tiers) for name in _running(None)}}


def _running(row: Mapping[str, int] | None) -> dict[str, int]:
    wire = {"within30Days": "soon", "within90Days": "next", "later": "later", "accepted": "accepted"}
    return {name: row[column] if row else 0 for name, column in wire.items()}


async def coverage(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many assets were looked at, and how well."""
    return dict(await queries.coverage(_today(), query))


def nested(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with their counts by severity in one object."""
    return [_nested(row) for row in rows]


async def known_exploited(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return counts of what is known to be exploited."""
    return _nested(await queries.known_exploited(query))


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name.lower(): row[name.lower()] for name in _WORST_FIRST}
    hidden = {*counts, "definition_id"}
    return {**{name: value for name, value in row.items() if name not in hidden}, "bySeverity": counts}


def _today() -> date:
    return datetime.now(UTC).date()
