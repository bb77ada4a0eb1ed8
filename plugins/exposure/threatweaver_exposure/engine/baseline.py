"""What is usual for a figure, by median and median absolute deviation, and by weekday where that tells."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Self

_MAD = 1.4826  # times the MAD estimates the standard deviation of what is normally distributed
WEEK = 7
WINDOW = 8 * WEEK
"""How many days a day is compared with, at most."""
LEAST = 2 * WEEK
"""How many days a day is compared with, at least."""
SEASONAL = 4 * WEEK
"""From how many days on a weekday may have its own usual figure."""
_ODD = 2  # days that differ where most are alike: so many are a habit, fewer an exception
_TELLS = 0.7  # a season must leave no more of the scatter than this, or it is chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What is usual: the median of some figures, how far they lie from it, and the limits of that."""

    median: float
    mad: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: Sequence[int]) -> Self:
        """Return what is usual among counts: three deviations to each side, and not less than zero."""
        middle, mad = _center(values)
        width = 3 * _MAD * mad
        return cls(median=middle, mad=mad, lower=max(0.0, middle - width), upper=middle + width)

    def direction(self, value: float) -> str | None:
        """Say on which side a value lies outside; None for a usual one."""
        if value > self.upper:
            return "above"
        return "below" if value < self.lower else None

    def share(self, value: float) -> float:
        """Return how far a value lies from the median, where 1 and -1 are the limits."""
        limit = self.upper - self.median if value > self.median else self.median - self.lower
        return (value - self.median) / max(1.0, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual on each weekday: a baseline of all days, and what a weekday adds to it, Monday first."""

    baseline: Baseline
    season: tuple[float, ...] | None
    days: int

    def on(self, weekday: int, *, base: float = 0.0, least: float = -math.inf) -> Baseline:
        """Return the baseline of a weekday (0 is Monday), for changes from a base, cut off below."""
        shift = base + (self.season[weekday] if self.season else 0.0)
        middle = max(least, self.baseline.median + shift)
        return replace(
            self.baseline,
            median=middle,
            lower=max(least, self.baseline.lower + shift),
            upper=max(middle, self.baseline.upper + shift),
        )


def usual(values: Sequence[int], following: int, *, scatter: bool, limit: float) -> Usual | None:
    """Return what is usual by the figures of successive days, the newest last; None by too few of them.

    `following` is the weekday after the last one. `limit` is how many standard deviations are usual.
    With `scatter` they are counts, which differ by their square root where nothing changes.
    """
    values = values[-WINDOW:]
    if len(values) < LEAST:
        return None
    weekdays = [(following - len(values) + place) % WEEK for place in range(len(values))]
    season = _season(values, weekdays) if len(values) >= SEASONAL else None
    rest = [
        value - (season[weekday] if season else 0.0) for value, weekday in zip(values, weekdays, strict=True)
    ]
    middle, mad = _center(rest)
    width = limit * _spread(middle, mad, scatter=scatter)
    lower, upper = middle - width, middle + width
    if mad == 0:  # most days are alike: those outside are compared with each other
        below = _habit([value for value in rest if value < lower], scatter=scatter, limit=limit)
        above = _habit([value for value in rest if value > upper], scatter=scatter, limit=limit)
        lower, upper = min(lower, below[0]), max(upper, above[1])
    found = Baseline(median=middle, mad=mad, lower=lower, upper=upper)
    return Usual(baseline=found, season=season, days=len(values))


def silence(gaps: Sequence[int], *, limit: float) -> Baseline:
    """Return how many days without a report are usual, by those between earlier reports, at least one.

    One long gap in ten is usual, too: a scanner that rests on weekends has one in five.
    """
    middle, mad = _center(gaps)
    ninth = sorted(gaps)[math.ceil(0.9 * len(gaps)) - 1]
    return Baseline(
        median=middle,
        mad=mad,
        lower=0.0,
        upper=max(float(ninth), middle + limit * _MAD * mad),
    )


def _spread(middle: float, mad: float, *, scatter: bool) -> float:
    return max(1.0, _MAD * mad, math.sqrt(abs(middle)) if scatter else 0.0)


def _habit(values: Sequence[float], *, scatter: bool, limit: float) -> tuple[float, float]:
    """Return the limits of days that differ from most others; none if they are an exception."""
    if len(values) < _ODD:
        return math.inf, -math.inf
    middle, mad = _center(values)
    width = limit * _spread(middle, mad, scatter=scatter)
    return middle - width, middle + width


def _center(values: Sequence[float]) -> tuple[float, float]:
    middle = float(median(values))
    return middle, float(median(_deviations(values, middle)))


def _deviations(values: Iterable[float], middle: float) -> list[float]:
    return [abs(value - middle) for value in values]


def _season(values: Sequence[int], weekdays: Sequence[int]) -> tuple[float, ...] | None:
    """Return by how much each weekday's median differs from that of all; None unless that tells a lot."""
    middle = float(median(values))
    season = tuple(
        float(median([value for value, day in zip(values, weekdays, strict=True) if day == weekday])) - middle
        for weekday in range(WEEK)
    )
    rest = [value - season[day] for value, day in zip(values, weekdays, strict=True)]
    left = fmean(_deviations(rest, float(median(rest))))
    return season if left < _TELLS * fmean(_deviations(values, middle)) else None
