"""Courses that the lists of each day agree with: trends, severities and the risk score."""

import pytest
from exposure_reports import CRITICAL, MEDIUM, Host, Item, day, nessus
from trend_story import CHECKS, ago, data, days_pass, four_days, scan

FLOWS = ("new", "remediated", "reopened", "persisting", "active")


def figures(rows):
    return [tuple(row[name] for name in FLOWS) for row in rows]


async def test_each_day_says_what_came_went_came_back_and_stayed(space):
    await four_days(space)
    rows = await data(space, "trends", days=4)
    assert [(row["start"], row["end"]) for row in rows] == [(ago(n), ago(n)) for n in (3, 2, 1, 0)]
    assert figures(rows) == [
        (2, 0, 0, 0, 2),
        (0, 1, 0, 1, 1),
        (1, 0, 1, 2, 3),
        (1, 2, 0, 2, 2),
    ]


async def test_severities_are_chosen(space):
    await four_days(space)
    rows = await data(space, "trends", days=4, severity="critical")
    assert figures(rows) == [(1, 0, 0, 0, 1), (0, 1, 0, 0, 0), (0, 0, 1, 1, 1), (0, 0, 0, 1, 1)]
    both = await data(space, "trends", days=4, severity="LOW,HIGH")
    assert figures(both) == [(0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (1, 0, 0, 0, 1), (1, 2, 0, 0, 0)]


async def test_a_new_one_that_becomes_worse_is_new_by_its_first_severity_and_active_by_its_last(space):
    await space.take(scan({1001: 1}, at=1))
    await space.take(scan({1001: 4}, at=2))
    assert figures(await data(space, "trends", days=1)) == [(1, 0, 0, 0, 1)]
    assert figures(await data(space, "trends", days=1, severity="LOW")) == [(1, 0, 0, 0, 0)]
    assert figures(await data(space, "trends", days=1, severity="CRITICAL")) == [(0, 0, 0, 0, 1)]
    await days_pass(space, 1)
    assert figures(await data(space, "trends", days=1, severity="CRITICAL")) == [(0, 0, 0, 1, 1)]


@pytest.mark.parametrize("interval", ["day", "week", "month"])
async def test_every_part_agrees_with_the_lists(space, interval):
    await four_days(space)
    await days_pass(space, 5)
    await space.take(scan({1001: 3, 1002: 2, 1005: 0}, at=6))
    rows = await data(space, "trends", days=12, interval=interval)
    for start, row in zip([ago(12), *[row["end"] for row in rows]], rows, strict=False):
        before = {item["id"] for item in await space.vulnerabilities(asOf=start)}
        active = {item["id"] for item in await space.walk("/vulnerabilities", asOf=row["end"])}
        known = {item["id"] for item in await space.vulnerabilities(asOf=row["end"])}
        assert row["active"] == len(active)
        assert row["persisting"] == len(active & before)
        assert row["new"] == len(known - before)
    assert [sum(row[name] for row in rows) for name in FLOWS[:3]] == [5, 3, 1]


@pytest.mark.parametrize(
    ("interval", "parts"),
    [
        (
            "week",
            [("2023-12-30", "2023-12-31"), ("2024-01-01", "2024-01-07"), ("2024-01-08", "2024-01-10")],
        ),
        ("month", [("2023-12-30", "2023-12-31"), ("2024-01-01", "2024-01-10")]),
    ],
)
async def test_weeks_begin_on_monday_and_months_on_the_first(space, interval, parts):
    rows = await data(space, "trends", days=12, interval=interval, asOf="2024-01-10")
    assert [(row["start"], row["end"]) for row in rows] == parts


async def test_a_past_day_ends_the_period(space):
    await four_days(space)
    whole = await data(space, "trends", days=4)
    assert await data(space, "trends", days=3, asOf=ago(1)) == whole[:3]


async def test_severities_of_each_day_are_those_of_its_key_figures(space):
    await four_days(space)
    rows = await data(space, "severity-history", days=5)
    names = ("critical", "high", "medium", "low", "info")
    for row in rows:
        kpis = await space.get("/dashboard/kpis", asOf=row["day"])
        assert [row[name] for name in names] == [kpis[name] for name in names]
        assert row["total"] == kpis["totalVulnerabilities"]
    assert [(row["critical"], row["medium"], row["low"], row["total"]) for row in rows] == [
        (0, 0, 0, 0),
        (1, 1, 0, 2),
        (0, 1, 0, 1),
        (1, 1, 1, 3),
        (1, 1, 0, 2),
    ]
    chosen = await data(space, "severity-history", days=5, severity="CRITICAL")
    assert [(row["critical"], row["medium"], row["total"]) for row in chosen] == [
        (row["critical"], 0, row["critical"]) for row in rows
    ]


async def test_the_risk_score_is_the_mean_of_the_assets_and_its_parts_add_up(space):
    # Without CVSS and the like the middle of a severity stands, and its age (exposure_reports.weaver).
    await space.take(scan({1001: 4}, at=1))
    await days_pass(space, 1)
    await space.take(scan({1001: 4, 1002: 2}, at=1, name="10.0.0.2"))
    await space.take(nessus(Host(name="10.0.0.3", end=day(1)), checks=CHECKS))
    await days_pass(space, 1)
    await space.take(scan({1002: 2}, at=2, name="10.0.0.2"))
    risk = await space.get("/dashboard/risk-score", days=4)
    assert risk["course"] == [
        {"day": ago(3), "score": 0.0, "assets": 0},
        {"day": ago(2), "score": float(CRITICAL), "assets": 1},
        {"day": ago(1), "score": round((CRITICAL + CRITICAL) / 3, 1), "assets": 3},
        {"day": ago(0), "score": round((CRITICAL + MEDIUM) / 3, 1), "assets": 3},
    ]
    assert (risk["score"], risk["assets"], risk["change"]) == (round((CRITICAL + MEDIUM) / 3, 1), 3, None)
    assert risk["parts"] == [
        {"worstSeverity": "CRITICAL", "assets": 1, "points": round(CRITICAL / 3, 1)},
        {"worstSeverity": "MEDIUM", "assets": 1, "points": round(MEDIUM / 3, 1)},
        {"worstSeverity": None, "assets": 1, "points": 0.0},
    ]
    assert (await space.get("/dashboard/risk-score", days=1))["change"] == round((MEDIUM - CRITICAL) / 3, 1)
    then = await space.get("/dashboard/risk-score", days=2, asOf=ago(1))
    assert (then["score"], then["assets"]) == (round(2 * CRITICAL / 3, 1), 3)


async def test_the_course_of_the_risk_score_is_that_of_the_key_figures(space):
    await four_days(space)
    await space.take(nessus(Host(name="10.0.0.9", items=[Item(severity=3)], end=day(1)), checks=CHECKS))
    risk = await space.get("/dashboard/risk-score", days=6)
    for point in risk["course"]:
        kpis = await space.get("/dashboard/kpis", asOf=point["day"])
        assert (point["score"], point["assets"]) == (kpis["riskScore"], kpis["totalAssets"])
    assert risk["score"] == (await space.get("/dashboard/kpis"))["riskScore"]


async def test_nothing_yet(space):
    assert figures(await data(space, "trends")) == [(0, 0, 0, 0, 0)] * 30
    assert {row["total"] for row in await data(space, "severity-history")} == {0}
    risk = await space.get("/dashboard/risk-score")
    assert (risk["score"], risk["assets"], risk["change"], risk["parts"]) == (0.0, 0, None, [])


@pytest.mark.parametrize(
    "path",
    ["trends", "risk-score", "severity-history", "mttr", "remediation-velocity", "reopened", "anomalies"],
)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days", "0"),
        ("days", "366"),
        ("days", "-1"),
        ("days", "1.5"),
        ("days", "x"),
        ("asOf", "2999-01-01"),
        ("asOf", "0001-01-01"),
        ("asOf", "x"),
        ("severity", "BAD"),
        ("interval", "year"),
        ("months", "3"),
    ],
)
async def test_what_cannot_be_asked(space, path, field, value):
    body = await space.refusal(f"/dashboard/{path}", **{field: value})
    assert body["details"][0]["field"].startswith(field)


@pytest.mark.parametrize("when", ["1970-01-01", "1999-12-31"])
@pytest.mark.parametrize(
    "path",
    ["trends", "risk-score", "severity-history", "mttr", "remediation-velocity", "reopened", "anomalies"],
)
async def test_the_longest_period_and_the_earliest_day(space, path, when):
    await space.take(scan({1001: 4}, at=1))
    await space.get(f"/dashboard/{path}", days=365, asOf=when)
    await space.get(f"/dashboard/{path}", days=365)


async def test_a_viewer_may_look(space, as_role):
    headers = await as_role("viewer", space.tenant)
    assert (await space.call("GET", "/dashboard/trends", headers=headers)).status == 200
