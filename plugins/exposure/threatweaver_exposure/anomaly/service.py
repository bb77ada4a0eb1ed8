"""Anomalies: finding them, saying what made them, and who has seen them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.sdk import NotFound
from threatweaver_exposure.anomaly import explanation, queries, sources
from threatweaver_exposure.anomaly.metrics import ABOVE, METRICS, Kind
from threatweaver_exposure.anomaly.series import Series, findings, judge, still_open
from threatweaver_exposure.engine.baseline import Baseline
from threatweaver_exposure.errors import AlreadyAcknowledged
from threatweaver_exposure.trends import periods
from threatweaver_exposure.vulnerabilities import queries as vulnerabilities

_COMPARED = 28
"""By how many days before it the usual contributions to a day are known, at most."""
_TOLD = {"imports": "import", "definitions": "definition", "assetGroups": "asset group"}
_LACKING = {"formats": "format", "assetGroups": "asset group", "assets": "asset"}


async def detect(end: date, days: int) -> Sequence[asyncpg.Record]:
    """Judge so many days until `end`, which are over, and return the anomalies that were not known."""
    every = await sources.load(sources.period(end, days))
    return await queries.store(
        [found for series in every for found in findings(series, len(series.days) - days)]
    )


async def watched() -> list[dict[str, Any]]:
    """Return every series with what is usual for it now, and how today is so far."""
    return [_watched(series) for series in await sources.load(sources.period(periods.today(), 1))]


async def course(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a series with what was usual on each day; without its values where nothing is known."""
    metric, subject = query["metric"], query.get("subject", "")
    chosen = sources.period(periods.last_day(query), query["days"])
    found = [series for series in await sources.load(chosen, [metric]) if series.subject == subject]
    if not found:  # no report of this format
        raise NotFound
    first = len(chosen.starts) - query["days"]
    return {
        "metric": metric,
        "subject": subject or None,
        "title": METRICS[metric].title,
        "unit": METRICS[metric].unit,
        "start": chosen.starts[first],
        "end": chosen.end,
        "points": list(_points(found[0], first)),
    }


async def detail(anomaly_id: UUID) -> dict[str, Any]:
    """Return an anomaly and what made it; NotFound if there is none."""
    found = await one(anomaly_id)
    day, days = found["day"], min(found["historyDays"], _COMPARED)
    rows = await explanation.contributors(
        found["metric"],
        day,
        day - timedelta(days=days),
        days=days,
        sign=1 if found["direction"] == ABOVE else -1,
        subject=found["subject"] or "",
    )
    total = next(row["count"] for row in rows if row["kind"] == "total")
    base = _base(found["metric"], day)
    compared = METRICS[found["metric"]].kind is Kind.FLOW
    contributors: dict[str, list[dict[str, Any]]] = {kind: [] for kind in explanation.KINDS}
    for row in rows:
        if row["kind"] != "total":
            contributors[row["kind"]].append(_contributor(row, total, base, compared=compared))
    return {
        **found,
        "summary": _summary(found, total, contributors),
        "counted": "assets" if found["metric"] in {"assets_seen", "scanner_silence"} else "vulnerabilities",
        "total": total,
        "contributors": contributors,
        "filter": base and {"path": "/vulnerabilities", "query": base, "rows": await _rows(base)},
    }


async def one(anomaly_id: UUID) -> dict[str, Any]:
    """Return an anomaly as the list shows it; NotFound if there is none."""
    row = await queries.LISTING.one(anomaly_id)
    if row is None:
        raise NotFound
    return wire(row)


async def acknowledge(anomaly_id: UUID, *, by: UUID, note: str | None) -> bool:
    """Say that somebody has seen an anomaly; False if the same person said the same before.

    Raises NotFound, and AlreadyAcknowledged if somebody said something else before.
    """
    if await queries.acknowledge(anomaly_id, by=by, note=note) is not None:
        return True
    found = await one(anomaly_id)
    if (found["acknowledgedBy"], found["note"]) != (by, note):
        raise AlreadyAcknowledged(
            acknowledgedBy=str(found["acknowledgedBy"]), acknowledgedAt=found["acknowledgedAt"].isoformat()
        )
    return False


def wire(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the list with its metric's title."""
    return {**row, "title": METRICS[row["metric"]].title}


def _watched(series: Series) -> dict[str, Any]:
    metric, value = series.declared, series.values[-1]
    judged = judge(series, len(series.days) - 1)
    return {
        "metric": series.metric,
        "subject": series.subject or None,
        "title": metric.title,
        "kind": metric.kind.value,
        "unit": metric.unit,
        "bad": metric.bad,
        "historyDays": judged.days if judged else 0,
        "median": judged and judged.center,
        "mad": judged and judged.baseline.mad,
        "season": judged and judged.season and list(judged.season),
        "today": _today(judged.baseline, value) if judged and value is not None else None,
    }


def _today(usual: Baseline, value: int) -> dict[str, Any]:
    return {
        "value": value,
        "expected": usual.median,
        "lower": round(usual.lower, 2),
        "upper": round(usual.upper, 2),
        "direction": still_open(usual.direction(value)),
    }


def _points(series: Series, first: int) -> Iterator[dict[str, Any]]:
    last = len(series.days) - 1
    for place in range(first, len(series.days)):
        judged = judge(series, place)
        value = series.values[place] if place >= series.known else None
        usual = judged and judged.baseline
        direction = usual.direction(value) if usual and value is not None else None
        is_today = place == last and series.days[place] == periods.today()
        yield {
            "day": series.days[place],
            "value": value,
            "expected": usual and usual.median,
            "lower": usual and round(usual.lower, 2),
            "upper": usual and round(usual.upper, 2),
            "direction": still_open(direction) if is_today else direction,
        }


def _base(metric: str, day: date) -> dict[str, str] | None:
    """Return the parameters with which /vulnerabilities has what a metric counts, if there are any.

    New ones are found by the day of the first sighting, which is another one where a report came late.
    """
    at = day.isoformat()
    return {
        "new": {"startDate": at, "endDate": at, "state": "all"},
        "active": {"asOf": at},
        "active_critical": {"asOf": at, "severity": "CRITICAL"},
        "active_kev": {"asOf": at, "kev": "true"},
    }.get(metric)


async def _rows(base: Mapping[str, str]) -> int:
    """Return how many rows /vulnerabilities has with these parameters."""
    query: dict[str, Any] = vulnerabilities.LISTING.filters().load(base)
    chosen = await vulnerabilities.quickest(query)
    return await chosen.count(query)


def _contributor(
    row: Mapping[str, Any], total: int, base: dict[str, str] | None, *, compared: bool
) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "count": row["count"],
        "share": round(row["count"] / total, 4) if total else None,
        "usual": round(row["usual"], 2) if compared else None,
        "filter": {**base, row["parameter"]: row["argument"]} if base and row["parameter"] else None,
    }


def _summary(found: Mapping[str, Any], total: int, contributors: Mapping[str, Any]) -> str:
    about = f" of {found['subject']}" if found["subject"] else ""
    said = (
        f"{found['title']}{about}: {found['value']:,} on {found['day']},"
        f" usual are {found['lower']:g} to {found['upper']:g}."
    )
    above = found["direction"] == ABOVE
    parts = [
        f"{label} {first['name']} ({first['count']:,} of {total:,})"
        if above
        else f"{label} {first['name']} ({first['count']:,} instead of {first['usual'] or 0:g})"
        for kind, label in (_TOLD if above else _LACKING).items()
        for first in contributors[kind][:1]
    ]
    if not parts:
        return said
    return f"{said} {'Most by' if above else 'Most lacking by'} {', '.join(parts)}."
