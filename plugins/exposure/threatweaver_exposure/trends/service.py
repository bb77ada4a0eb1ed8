"""From sums of the database to figures over time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.trends import periods, queries
from threatweaver_exposure.trends.periods import Period

AGES = (7, 30, 60, 90)
"""After how many days a cohort is looked at."""

Query = Mapping[str, Any]


async def trends(query: Query) -> list[dict[str, Any]]:
    """Return what came, went, came back and stayed, for each part of the period."""
    period = periods.last_days(query, query["interval"])
    severities = query.get("severity")
    happened = summed(await queries.flows(period, severities), "created", "closed", "returned")
    young = summed(await queries.young(period, severities), "young")
    standing = _standings(await queries.active(period, severities), period)
    return [
        {
            "start": start,
            "end": end,
            "new": happened["created", part],
            "remediated": happened["closed", part],
            "reopened": happened["returned", part],
            "persisting": active.total() - young["young", part],
            "active": active.total(),
        }
        for part, ((start, end), active) in enumerate(zip(period.parts(), standing, strict=True), 1)
    ]


async def risk_score(query: Query) -> dict[str, Any]:
    """Return the mean of the assets' risk scores, what makes it up, and its course."""
    period = periods.last_days(query)
    moved = await queries.risks(period)
    before = Counter(_by_severity(moved, "assets", 0)), Counter(_by_severity(moved, "risk", 0))
    course = []
    assets, risk = Counter(before[0]), Counter(before[1])
    for part, day in enumerate(period.starts, 1):
        assets.update(_by_severity(moved, "assets", part))
        risk.update(_by_severity(moved, "risk", part))
        course.append({"day": day, "score": _mean(risk, assets), "assets": assets.total()})
    score = _mean(risk, assets)
    return {
        "score": score,
        "assets": assets.total(),
        "change": round(score - _mean(before[1], before[0]), 1) if before[0].total() else None,
        "parts": [
            {
                "worstSeverity": SEVERITIES[number] if number >= 0 else None,
                "assets": assets[number],
                "points": round(risk[number] / assets.total(), 1),
            }
            for number in sorted(assets, reverse=True)
            if assets[number]
        ],
        "course": course,
    }


async def severity_history(query: Query) -> list[dict[str, Any]]:
    """Return active vulnerabilities by severity at the end of each day."""
    period = periods.last_days(query)
    standing = _standings(await queries.active(period, query.get("severity")), period)
    return [
        {
            "day": day,
            **{name.lower(): counts[number] for number, name in enumerate(SEVERITIES)},
            "total": counts.total(),
        }
        for day, counts in zip(period.starts, standing, strict=True)
    ]


async def velocity(query: Query) -> dict[str, Any]:
    """Return how many were closed a week, how many came, and how long what is active will take."""
    period = periods.last_days(query, "week")
    severities = query.get("severity")
    happened = summed(await queries.flows(period, severities), "created", "closed")
    active = _standings(await queries.active(period, severities), period)[-1].total()
    weeks = [
        {
            "start": start,
            "end": end,
            "created": happened["created", part],
            "closed": happened["closed", part],
            "net": happened["closed", part] - happened["created", part],
        }
        for part, (start, end) in enumerate(period.parts(), 1)
    ]
    created, closed = (
        sum(happened[name, part] for part in range(1, len(weeks) + 1)) for name in ("created", "closed")
    )
    pace = closed * 7 / period.days
    return {
        "start": period.first,
        "end": period.end,
        "created": created,
        "closed": closed,
        "createdPerWeek": round(created * 7 / period.days, 2),
        "closedPerWeek": round(pace, 2),
        "netPerWeek": round((closed - created) * 7 / period.days, 2),
        "active": active,
        "weeksOfWork": round(active / pace, 1) if closed else None,
        "weeks": weeks,
    }


async def mttr(query: Query) -> dict[str, Any]:
    """Return mean and median days from creation to closing, of what was closed in the period."""
    period = periods.last_days(query)

    def wire(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "closed": row["closed"],
            "meanDays": _days(row["mean"]),
            "medianDays": _days(row["median"]),
        }

    rows = await queries.times_to_close(period, query.get("severity"))
    return _over(period, [(row["severity"], wire(row)) for row in rows])


async def reopened(query: Query) -> dict[str, Any]:
    """Return how many of those that were closed in the period came back in it."""
    period = periods.last_days(query)

    def wire(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "closed": row["closed"],
            "reopened": row["returned"],
            "percent": _percent(row["returned"], row["closed"]),
            "meanDays": _days(row["mean"]),
        }

    rows = await queries.returns(period, query.get("severity"))
    return _over(period, [(row["severity"], wire(row)) for row in rows])


async def cohorts(query: Query) -> list[dict[str, Any]]:
    """Return, for each month, how many were created and how many of them were active later on."""
    period = periods.last_months(query)
    severities = query.get("severity")
    begun = {row["part"]: row["created"] for row in await queries.cohorts(period, severities)}
    active = {
        (row["part"], row["age"]): row["active"] for row in await queries.survival(period, severities, AGES)
    }
    # What happens today may still change how today ends.
    over = min(period.end, periods.days_before(periods.today(), 1))
    months = []
    for part, start in enumerate(period.starts, 1):
        created = begun.get(part, 0)
        passed = [age for age in AGES if periods.days_before(over, age) >= periods.month_end(start)]
        after = {age: active.get((part, age), 0) for age in passed}
        months.append(
            {
                "month": f"{start:%Y-%m}",
                "created": created,
                "after": [
                    {"days": age, "active": after.get(age), "percent": _percent(after.get(age), created)}
                    for age in AGES
                ],
            }
        )
    return months


def summed(rows: queries.Rows, *names: str) -> Counter[tuple[str, int]]:
    """Return the sums over all severities, by name and part."""
    sums: Counter[tuple[str, int]] = Counter()
    for row in rows:
        for name in names:
            sums[name, row["part"]] += row[name]
    return sums


def _standings(rows: queries.Rows, period: Period) -> list[Counter[int]]:
    """Return the numbers by severity at the end of each part, from what each part changed."""

    def add_up() -> Iterator[Counter[int]]:
        counts: Counter[int] = Counter()
        for part in range(len(period.starts) + 1):
            counts.update({row["severity"]: row["total"] for row in rows if row["part"] == part})
            yield Counter(counts)

    return list(add_up())[1:]


def _by_severity(rows: queries.Rows, name: str, part: int) -> dict[int, int]:
    return {row["worst_severity"]: row[name] for row in rows if row["part"] == part}


def _over(period: Period, rows: Sequence[tuple[int | None, dict[str, Any]]]) -> dict[str, Any]:
    """Return a figure of all in the period, and by severity, the worst first."""
    (everything,) = (figure for number, figure in rows if number is None)
    each = sorted(
        ((number, figure) for number, figure in rows if number is not None), key=lambda row: -row[0]
    )
    return {
        "start": period.first,
        "end": period.end,
        **everything,
        "bySeverity": [{"severity": SEVERITIES[number], **figure} for number, figure in each],
    }


def _mean(risk: Counter[int], assets: Counter[int]) -> float:
    return round(risk.total() / assets.total(), 1) if assets.total() else 0.0


def _days(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _percent(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else round(100 * part / whole, 1)
