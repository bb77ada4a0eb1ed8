"""What became of vulnerabilities: how long until they were closed, how fast, for good, and by month."""

from datetime import UTC, date, datetime, timedelta

import pytest
from exposure_once import once
from trend_story import accept, ago, data, days_pass, four_days, scan


@once
async def closings(space):
    """Closed after 4, 6 and 10 days, the last one of them HIGH; 1004 stays."""
    await space.take(scan({1001: 2, 1002: 2, 1003: 2, 1004: 0}, at=1))
    await days_pass(space, 4)
    await space.take(scan({1002: 2, 1003: 2, 1004: 0}, at=5))
    await days_pass(space, 2)
    await space.take(scan({1003: 3, 1004: 0}, at=7))
    await days_pass(space, 4)
    await space.take(scan({1004: 0}, at=11))


async def test_mean_and_median_days_until_closed(space):
    await closings(space)
    body = await space.get("/dashboard/mttr")
    assert body == {
        "start": ago(29),
        "end": ago(),
        "closed": 3,
        "meanDays": 6.67,
        "medianDays": 6.0,
        "bySeverity": [
            {"severity": "HIGH", "closed": 1, "meanDays": 10.0, "medianDays": 10.0},
            {"severity": "MEDIUM", "closed": 2, "meanDays": 5.0, "medianDays": 5.0},
        ],
    }


async def test_only_closings_of_the_period_and_the_chosen_severities_count(space):
    await closings(space)
    body = await space.get("/dashboard/mttr", days=5)  # six days ago is out, four days ago is in
    assert (body["closed"], body["meanDays"], body["medianDays"]) == (2, 8.0, 8.0)
    body = await space.get("/dashboard/mttr", days=5, asOf=ago(1))
    assert (body["closed"], body["meanDays"]) == (1, 6.0)
    body = await space.get("/dashboard/mttr", severity="MEDIUM")
    assert (body["closed"], body["meanDays"], len(body["bySeverity"])) == (2, 5.0, 1)


async def test_closed_twice_counts_once_by_the_last_time(space):
    await space.take(scan({1001: 2}, at=1))
    await days_pass(space, 1)
    await space.take(scan({}, at=2))
    await days_pass(space, 1)
    await space.take(scan({1001: 2}, at=3))
    await days_pass(space, 3)
    await space.take(scan({}, at=6))
    body = await space.get("/dashboard/mttr")
    assert (body["closed"], body["meanDays"], body["medianDays"]) == (1, 5.0, 5.0)
    # Until the day before, the first time was the last.
    body = await space.get("/dashboard/mttr", asOf=ago(1))
    assert (body["closed"], body["meanDays"]) == (1, 1.0)


async def test_the_pace_and_the_weeks_of_work_that_are_left(space):
    await closings(space)
    body = await space.get("/dashboard/remediation-velocity", days=14)
    assert (body["start"], body["end"]) == (ago(13), ago())
    assert (body["created"], body["closed"], body["active"]) == (4, 3, 1)
    assert (body["createdPerWeek"], body["closedPerWeek"], body["netPerWeek"]) == (2.0, 1.5, -0.5)
    assert body["weeksOfWork"] == 0.7  # one at one and a half a week
    weeks = body["weeks"]
    assert (weeks[0]["start"], weeks[-1]["end"]) == (ago(13), ago())
    assert [date.fromisoformat(week["start"]).weekday() for week in weeks[1:]] == [0] * (len(weeks) - 1)
    assert [sum(week[name] for week in weeks) for name in ("created", "closed", "net")] == [4, 3, -1]
    trends = await data(space, "trends", days=14, interval="week")
    assert [(week["created"], week["closed"]) for week in weeks] == [
        (row["new"], row["remediated"]) for row in trends
    ]


async def test_the_pace_of_chosen_severities_until_a_past_day(space):
    await closings(space)
    body = await space.get("/dashboard/remediation-velocity", days=7, severity="MEDIUM", asOf=ago(4))
    # Ten days ago all three were created; 1001 and 1002 were closed since, and 1003 turned HIGH.
    assert (body["created"], body["closed"], body["active"]) == (3, 2, 0)
    assert (body["netPerWeek"], body["weeksOfWork"]) == (-1.0, 0.0)


async def test_without_a_closing_nobody_knows_how_long_it_takes(space):
    await space.take(scan({1001: 2}, at=1))
    body = await space.get("/dashboard/remediation-velocity", days=7)
    assert (body["closedPerWeek"], body["active"], body["weeksOfWork"]) == (0.0, 1, None)
    assert body["netPerWeek"] == -1.0
    body = await space.get("/dashboard/mttr")
    assert (body["closed"], body["meanDays"], body["medianDays"], body["bySeverity"]) == (0, None, None, [])
    body = await space.get("/dashboard/reopened")
    assert (body["closed"], body["reopened"], body["percent"], body["meanDays"]) == (0, 0, None, None)


async def test_the_share_of_closed_ones_that_came_back(space):
    await four_days(space)  # closed: 1001, which came back a day later; 1003 and 1004, which did not
    body = await space.get("/dashboard/reopened", days=4)
    assert (body["closed"], body["reopened"], body["percent"], body["meanDays"]) == (3, 1, 33.3, 1.0)
    assert body["bySeverity"] == [
        {"severity": "CRITICAL", "closed": 1, "reopened": 1, "percent": 100.0, "meanDays": 1.0},
        {"severity": "HIGH", "closed": 1, "reopened": 0, "percent": 0.0, "meanDays": None},
        {"severity": "LOW", "closed": 1, "reopened": 0, "percent": 0.0, "meanDays": None},
    ]
    body = await space.get("/dashboard/reopened", days=4, severity="LOW,HIGH")
    assert (body["closed"], body["percent"]) == (2, 0.0)


async def test_what_came_back_after_the_period_had_not_come_back_then(space):
    await four_days(space)
    body = await space.get("/dashboard/reopened", asOf=ago(2))
    assert (body["closed"], body["reopened"], body["percent"]) == (1, 0, 0.0)


async def test_closed_and_back_and_closed_again_is_one_that_came_back(space):
    await space.take(scan({1001: 2}, at=1))
    for at in (2, 4):
        await space.take(scan({}, at=at))
        await space.take(scan({1001: 2}, at=at + 1))
    body = await space.get("/dashboard/reopened")
    assert (body["closed"], body["reopened"], body["percent"]) == (1, 1, 100.0)


@pytest.fixture
def before_months(space):
    """A function that takes a report and ages it, in steps: [(days until the next step, report)]."""

    async def tell(*steps, months):
        until_now = sum(wait for wait, _ in steps)
        for wait, report in steps:
            await space.take(report)
            await days_pass(space, wait)
        now = datetime.now(UTC).date()
        first = now.replace(day=1)
        for _ in range(months):
            first = (first - timedelta(days=1)).replace(day=1)
        await days_pass(space, (now - first).days - until_now)
        return first

    return tell


def shares(cohort):
    return {item["days"]: (item["active"], item["percent"]) for item in cohort["after"]}


async def test_the_share_of_a_month_that_is_active_later(space, before_months):
    first = await before_months(
        (7, scan({1001: 1, 1002: 2, 1003: 3, 1004: 4}, at=1)),
        (1, scan({1001: 1, 1002: 2, 1003: 3}, at=8)),  # 1004 is closed on the seventh day
        (22, scan({1001: 1, 1002: 2}, at=9)),  # 1003 on the eighth
        (1, scan({1001: 1, 1002: 2, 1004: 4}, at=31)),  # 1004 is back on the thirtieth
        (0, scan({1001: 1, 1004: 4}, at=32)),  # 1002 is closed on the thirty-first
        months=5,
    )
    rows = await data(space, "cohorts", months=6)
    assert [row["created"] for row in rows] == [4, 0, 0, 0, 0, 0]
    assert rows[0]["month"] == f"{first:%Y-%m}"
    assert shares(rows[0]) == {7: (3, 75.0), 30: (3, 75.0), 60: (2, 50.0), 90: (2, 50.0)}
    assert shares(rows[1])[7] == (0, None)  # nothing was created, so there is no share
    assert set(shares(rows[-1]).values()) == {(None, None)}
    (chosen, *_) = await data(space, "cohorts", months=6, severity="MEDIUM,HIGH")
    assert (chosen["created"], shares(chosen)) == (
        2,
        {7: (2, 100.0), 30: (1, 50.0), 60: (0, 0.0), 90: (0, 0.0)},
    )


async def test_a_cohort_agrees_with_the_lists_of_its_days(space, before_months):
    first = await before_months(
        (5, scan({1001: 1, 1002: 2, 1003: 3}, at=1)), (0, scan({1001: 1}, at=6)), months=4
    )
    (row, *_) = await data(space, "cohorts", months=5)
    for days, (active, _) in shares(row).items():
        listed = await space.walk("/vulnerabilities", asOf=(first + timedelta(days=days)).isoformat())
        assert active == len(listed)


async def test_what_has_not_passed_yet_is_null(space, before_months):
    first = await before_months((0, scan({1001: 1}, at=1)), months=2)
    end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    for passed, expected in ((6, None), (7, (1, 100.0))):
        when = (end + timedelta(days=passed)).isoformat()
        row = (await data(space, "cohorts", months=3, asOf=when))[-2]
        assert row["month"] == f"{first:%Y-%m}"
        assert shares(row)[7] == (expected or (None, None))
        assert shares(row)[30] == (None, None)


async def test_an_accepted_one_is_not_active_while_it_is(space):
    await space.take(scan({1001: 1, 1002: 2}, at=1))
    await days_pass(space, 2)
    (row,) = await space.vulnerabilities(pluginId=1001)
    await accept(space, row["id"])
    await days_pass(space, 150)
    cohort = next(row for row in await data(space, "cohorts", months=8) if row["created"])
    assert shares(cohort) == dict.fromkeys((7, 30, 60, 90), (1, 50.0))
    trend = await data(space, "trends", days=3, asOf=ago(150))
    assert [(row["active"], row["remediated"]) for row in trend] == [(2, 0), (2, 0), (1, 0)]


async def test_months_without_anything(space):
    rows = await data(space, "cohorts")
    assert len(rows) == 12
    assert {row["created"] for row in rows} == {0}
    assert rows[-1]["month"] == ago()[:7]
    rows = await data(space, "cohorts", months=2, asOf="2024-01-31")
    assert [row["month"] for row in rows] == ["2023-12", "2024-01"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("months", "0"),
        ("months", "25"),
        ("months", "x"),
        ("asOf", "2999-01-01"),
        ("asOf", "0001-01-01"),
        ("severity", "BAD"),
        ("days", "3"),
    ],
)
async def test_what_cannot_be_asked_of_cohorts(space, field, value):
    body = await space.refusal("/dashboard/cohorts", **{field: value})
    assert body["details"][0]["field"].startswith(field)


async def test_the_earliest_months(space):
    assert len(await data(space, "cohorts", months=24, asOf="1970-01-01")) == 24
