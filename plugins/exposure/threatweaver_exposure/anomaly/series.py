"""Series of daily figures, and which of their days are not as usual. Pure: no database."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise

from threatweaver_exposure.anomaly.metrics import ABOVE, METRICS, Kind, Metric
from threatweaver_exposure.engine import baseline
from threatweaver_exposure.engine.baseline import Baseline

LIMIT = 3.5
"""How many standard deviations are usual: as Iglewicz and Hoaglin advise for scores by the MAD."""
_GAPS = 4  # between so many reports and one more there is something to compare a silence with


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric's figures of successive days; those before `known` are not known.

    The silence of a scanner (`subject`) has the days since its last report, None before the first one.
    """

    metric: str
    subject: str = ""
    days: Sequence[date]
    values: Sequence[int | None]
    known: int

    @property
    def declared(self) -> Metric:
        """Return what the metric is."""
        return METRICS[self.metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is usual for a day, and how that is known.

    `center` is the median of what is compared, the changes of a level; `season` is by weekday, Monday first.
    """

    baseline: Baseline
    center: float
    season: tuple[float, ...] | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An anomaly, in the order of its table's columns."""

    metric: str
    subject: str
    day: date
    direction: str
    severity: int
    value: int
    expected: float
    mad: float
    lower: float
    upper: float
    score: float
    seasonal: bool
    history_days: int


def judge(series: Series, place: int) -> Judged | None:
    """Return what is usual for a day of a series by the days before it; None by too few of them."""
    if series.declared.kind is Kind.SILENCE:
        return _silence(series, place)
    before = [value or 0 for value in series.values[max(0, series.known) : place]]
    base = 0
    if series.declared.kind is Kind.LEVEL and before:
        base, before = before[-1], [after - earlier for earlier, after in pairwise(before)]
    weekday = series.days[place].weekday()
    flow = series.declared.kind is Kind.FLOW
    found = baseline.usual(before, weekday, scatter=flow, limit=LIMIT)
    if found is None:
        return None
    return Judged(
        baseline=found.on(weekday, base=base, least=0),
        center=found.baseline.median,
        season=found.season,
        days=found.days,
    )


def findings(series: Series, first: int) -> Iterator[Finding]:
    """Yield the days from a place on that are not as usual."""
    for place in range(first, len(series.days)):
        judged, value = judge(series, place), series.values[place]
        if judged is None or value is None:
            continue
        direction = judged.baseline.direction(value)
        if direction is None or not _begins(series, judged.baseline, value):
            continue
        score = LIMIT * judged.baseline.share(value)
        yield Finding(
            metric=series.metric,
            subject=series.subject,
            day=series.days[place],
            direction=direction,
            severity=series.declared.severity(direction, score),
            value=value,
            expected=judged.baseline.median,
            mad=judged.baseline.mad,
            lower=round(judged.baseline.lower, 2),
            upper=round(judged.baseline.upper, 2),
            score=round(score, 2),
            seasonal=judged.season is not None,
            history_days=judged.days,
        )


def flows(counts: Mapping[int, int], days: Sequence[date]) -> list[int]:
    """Return the figure of each day; parts are days from 1 on."""
    return [counts.get(part, 0) for part in range(1, len(days) + 1)]


def levels(changes: Mapping[int, int], days: Sequence[date]) -> list[int]:
    """Return the level at the end of each day, by its changes; part 0 is what was before."""
    steps = flows(changes, days)
    return list(accumulate(steps, initial=changes.get(0, 0)))[1:]


def silences(parts: Sequence[int], days: Sequence[date]) -> list[int | None]:
    """Return the days since the last report, for each day; None before the first one."""
    found: list[int | None] = []
    reported = set(parts)
    for part in range(1, len(days) + 1):
        last = found[-1] if found else None
        found.append(0 if part in reported else None if last is None else last + 1)
    return found


def _silence(series: Series, place: int) -> Judged | None:
    """Judge by the gaps between the reports before a day; the gap that goes on is none of them."""
    reported = [at for at in range(max(0, place - baseline.WINDOW), place) if series.values[at] == 0]
    gaps = [after - before - 1 for before, after in pairwise(reported)]
    if len(gaps) < _GAPS or place - reported[0] < baseline.LEAST:
        return None
    found = baseline.silence(gaps, limit=LIMIT)
    return Judged(baseline=found, center=found.median, season=None, days=place - reported[0])


def _begins(series: Series, usual: Baseline, value: int) -> bool:
    """Say whether an anomaly begins on this day: a silence is told once, however long it lasts."""
    return series.declared.kind is not Kind.SILENCE or value == math.floor(usual.upper) + 1


def still_open(direction: str | None) -> str | None:
    """Return the direction of a day that is not over: it may yet have what it lacks."""
    return direction if direction == ABOVE else None
