"""Which days a figure is about: the last so many until today or a past day, in days, weeks or months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

INTERVALS = ("day", "week", "month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days in UTC until `end`, which counts, in parts that begin on `starts`."""

    starts: Sequence[date]
    end: date

    @property
    def first(self) -> date:
        """Return the first day."""
        return self.starts[0]

    @property
    def days(self) -> int:
        """Return how many days there are."""
        return (self.end - self.first).days + 1

    def parts(self) -> list[tuple[date, date]]:
        """Return the first and the last day of each part."""
        ends = [following - timedelta(days=1) for following in self.starts[1:]]
        return list(zip(self.starts, [*ends, self.end], strict=True))


def today() -> date:
    """Return the day it is in UTC."""
    return datetime.now(UTC).date()


def days_before(day: date, count: int) -> date:
    """Return the day so many days earlier."""
    return day - timedelta(days=count)


def month_end(day: date) -> date:
    """Return the last day of a month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def last_day(query: Mapping[str, Any]) -> date:
    """Return the day that is asked about: that of `asOf`, or today."""
    day: date | None = query.get("as_of")
    return day or today()


def last_days(query: Mapping[str, Any], interval: str = "day", before: int = 0) -> Period:
    """Return the last `days`, and so many `before` them; weeks begin on Monday.

    The first and the last week or month have only the days that lie in the period.
    """
    end = last_day(query)
    count = query["days"] + before
    every = [end - timedelta(days=ago) for ago in reversed(range(count))]
    return Period(starts=every[:1] + [day for day in every[1:] if _begins(day, interval)], end=end)


def last_months(query: Mapping[str, Any]) -> Period:
    """Return the last `months`, in months; the last one until the day that is asked about."""
    end = last_day(query)
    starts = [end.replace(day=1)]
    for _ in range(query["months"] - 1):
        starts.insert(0, (starts[0] - timedelta(days=1)).replace(day=1))
    return Period(starts=starts, end=end)


def _begins(day: date, interval: str) -> bool:
    return {"day": True, "week": day.weekday() == 0, "month": day.day == 1}[interval]
