"""Where the series come from: rollups and history, one statement a source over all days."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from datetime import date

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.anomaly import queries
from threatweaver_exposure.anomaly.metrics import METRICS
from threatweaver_exposure.anomaly.series import Series, flows, levels, silences
from threatweaver_exposure.engine.baseline import WINDOW
from threatweaver_exposure.trends import queries as history
from threatweaver_exposure.trends.periods import Period, days_before

_BEFORE = WINDOW + 1  # the first change of a level needs the level before it
_FLOWS = {"new": "created", "closed": "closed", "reopened": "returned"}
_CRITICAL = SEVERITIES.index("CRITICAL")

Source = Callable[[Period, int], Awaitable[list[Series]]]
"""From a period, and the place of the first day in it that history knows, to series."""


def period(end: date, days: int) -> Period:
    """Return so many days until `end`, which counts, and those before that the first is compared with."""
    return Period(starts=[days_before(end, ago) for ago in reversed(range(days + _BEFORE))], end=end)


async def load(chosen: Period, metrics: Collection[str] = tuple(METRICS)) -> list[Series]:
    """Return the series of metrics over a period; of the silence of scanners, one for each that reported."""
    # What was before the first day is not nothing, it is unknown.
    known = _place(chosen, await history.first_day())
    found = [
        series
        for names, source in _SOURCES.items()
        if not names.isdisjoint(metrics)
        for series in await source(chosen, known)
    ]
    order = list(METRICS)
    return sorted(
        (series for series in found if series.metric in metrics),
        key=lambda series: (order.index(series.metric), series.subject),
    )


async def _happened(chosen: Period, known: int) -> list[Series]:
    counts: dict[str, Counter[int]] = {metric: Counter() for metric in _FLOWS}
    for row in await history.flows(chosen, None):
        for metric, column in _FLOWS.items():
            counts[metric][row["part"]] += row[column]
    days = chosen.starts
    return [
        Series(metric=metric, days=days, values=flows(counts[metric], days), known=known) for metric in _FLOWS
    ]


async def _active(chosen: Period, known: int) -> list[Series]:
    every: Counter[int] = Counter()
    critical: Counter[int] = Counter()
    for row in await history.active(chosen, None):
        every[row["part"]] += row["total"]
        if row["severity"] == _CRITICAL:
            critical[row["part"]] += row["total"]
    return list(_levels({"active": every, "active_critical": critical}, chosen, known))


async def _exploited(chosen: Period, known: int) -> list[Series]:
    changes = {row["part"]: row["total"] for row in await queries.exploited(chosen)}
    return list(_levels({"active_kev": changes}, chosen, known))


async def _seen(chosen: Period, _: int) -> list[Series]:
    counts = {row["part"]: row["total"] for row in await queries.assets_seen(chosen)}
    known = _place(chosen, await queries.first_report())
    return [
        Series(metric="assets_seen", days=chosen.starts, values=flows(counts, chosen.starts), known=known)
    ]


async def _silent(chosen: Period, _: int) -> list[Series]:
    parts: dict[str, list[int]] = {}
    for row in await queries.reports(chosen):
        parts.setdefault(row["format"], []).append(row["part"])
    return [
        Series(
            metric="scanner_silence",
            subject=name,
            days=chosen.starts,
            values=silences(parts[name], chosen.starts),
            known=0,
        )
        for name in parts
    ]


def _levels(changes: Mapping[str, Mapping[int, int]], chosen: Period, known: int) -> Iterator[Series]:
    for metric, steps in changes.items():
        yield Series(metric=metric, days=chosen.starts, values=levels(steps, chosen.starts), known=known)


def _place(chosen: Period, begun: date | None) -> int:
    """Return the place of the first day that is known; that behind the last one, if none is."""
    return len(chosen.starts) if begun is None else max(0, (begun - chosen.first).days)


_SOURCES: Mapping[frozenset[str], Source] = {
    frozenset(_FLOWS): _happened,
    frozenset({"active", "active_critical"}): _active,
    frozenset({"active_kev"}): _exploited,
    frozenset({"assets_seen"}): _seen,
    frozenset({"scanner_silence"}): _silent,
}
