"""Days that stand out from the four weeks before them, by median and median absolute deviation."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from statistics import median
from typing import Any

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.engine.baseline import Baseline
from threatweaver_exposure.trends import periods, queries

BEFORE = 28
"""How many days a day is compared with."""
_FIGURES = {"new": "created", "closed": "closed"}

Counts = Counter[tuple[str, int, int]]
"""How often something happened, by what, part of the period and severity."""


async def anomalies(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the days of the period that stand out, the latest first."""
    period = periods.last_days(query, before=BEFORE)
    begun = await queries.first_day()
    # What was before the first day is not nothing, it is unknown.
    known = None if begun is None else periods.days_before(begun, -BEFORE)
    first = period.starts[BEFORE]
    judged = None if known is None or known > period.end else max(known, first)
    counts: Counts = Counter()
    for row in await queries.flows(period, query.get("severity")):
        for figure, name in _FIGURES.items():
            counts[figure, row["part"], row["severity"]] = row[name]
    parts = [
        (part, day)
        for part, day in enumerate(period.starts, 1)
        if judged is not None and day >= judged and part > BEFORE
    ]
    return {
        "start": first,
        "end": period.end,
        "judgedFrom": judged,
        "anomalies": list(_outstanding(counts, parts)),
    }


def _outstanding(counts: Counts, parts: Sequence[tuple[int, date]]) -> Iterator[dict[str, Any]]:
    for part, day in reversed(parts):
        for figure in _FIGURES:
            found = _judge(counts, figure, part)
            # A day that is not over may yet have what it lacks.
            if found is not None and (found["direction"] == "above" or day < periods.today()):
                yield {"day": day, **found}


def _judge(counts: Counts, figure: str, part: int) -> dict[str, Any] | None:
    """Return how a day stands out, or None if it does not."""
    days = range(part - BEFORE, part + 1)
    series = {number: [counts[figure, day, number] for day in days] for number in range(len(SEVERITIES))}
    *usual, value = (sum(values) for values in zip(*series.values(), strict=True))
    baseline = Baseline.of(usual)
    direction = baseline.direction(value)
    if direction is None:
        return None
    return {
        "figure": figure,
        "direction": direction,
        "value": value,
        "median": baseline.median,
        "mad": baseline.mad,
        "lower": round(baseline.lower, 2),
        "upper": round(baseline.upper, 2),
        "explainedBy": _explained(series, 1 if direction == "above" else -1),
    }


def _explained(series: Mapping[int, Sequence[int]], sign: int) -> list[dict[str, Any]]:
    """Return the severities that differ from their own medians on the day's side, the most first."""
    usual = {number: float(median(values[:-1])) for number, values in series.items()}
    differences = {number: values[-1] - usual[number] for number, values in series.items()}
    return [
        {
            "severity": SEVERITIES[number],
            "value": series[number][-1],
            "median": usual[number],
            "difference": difference,
        }
        for number, difference in sorted(differences.items(), key=lambda item: (-sign * item[1], -item[0]))
        if sign * difference > 0
    ]
