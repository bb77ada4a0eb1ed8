"""/dashboard/sla and its forecast: to the day, and as the lists say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from exposure_reports import Host, Item, nessus
from exposure_story import ACCEPT

CRITICAL, HIGH, MEDIUM, LOW, INFO = 4, 3, 2, 1, 0
# Days since the first sighting, by severity, at the edges of the default policy: 7, 30, 90, 180, none.
STORY = {CRITICAL: (0, 1, 7, 8), HIGH: (23, 24, 31, 400), MEDIUM: (40, 90), LOW: (181,), INFO: (900,)}


def today(ago=0):
    return datetime.now(UTC).date() - timedelta(days=ago)


def report(pairs):
    """A host for each severity and number of days ago, with one finding."""
    now = datetime.now(UTC)
    hosts = [
        Host(
            name=f"10.2.0.{number}",
            items=[Item(plugin=2000 + severity, severity=severity)],
            end=now - timedelta(days=ago),
        )
        for number, (severity, ago) in enumerate(pairs, 1)
    ]
    return nessus(*hosts)


async def tell(space):
    await space.take(report([(severity, ago) for severity, days in STORY.items() for ago in days]))


async def total(space, **filters):
    return (await space.get("/vulnerabilities", limit=1, **filters))["meta"]["total"]


def tier(body, severity):
    (row,) = [row for row in body["tiers"] if row["severity"] == severity]
    return row


def numbers(row):
    names = ("active", "within", "dueSoon", "breached", "compliancePercent")
    return tuple(row[name] for name in names)


async def test_the_last_allowed_day_is_within_and_the_next_is_not(space):
    await tell(space)
    body = await space.get("/dashboard/sla")
    assert body["day"] == str(today())
    assert [(row["severity"], row["allowedDays"], *numbers(row)) for row in body["tiers"]] == [
        ("CRITICAL", 7, 4, 3, 2, 1, 75.0),
        ("HIGH", 30, 4, 2, 1, 2, 50.0),
        ("MEDIUM", 90, 2, 2, 1, 0, 100.0),
        ("LOW", 180, 1, 0, 0, 1, 0.0),
        ("INFO", None, 1, 0, 0, 0, None),
    ]
    assert numbers(body["total"]) == (11, 7, 4, 4, 63.6)
    assert tier(body, "INFO")["withinSince"] is None
    assert tier(body, "CRITICAL")["withinSince"] == str(today(7))


async def test_every_number_is_what_the_list_says(space):
    await tell(space)
    for row in (await space.get("/dashboard/sla"))["tiers"]:
        severity, since = row["severity"], row["withinSince"]
        assert await total(space, severity=severity) == row["active"]
        if since is None:
            continue
        since = date.fromisoformat(since)
        assert await total(space, severity=severity, startDate=since) == row["within"]
        assert await total(space, severity=severity, endDate=since - timedelta(days=1)) == row["breached"]
        soon = {"startDate": since, "endDate": since + timedelta(days=6)}
        assert await total(space, severity=severity, **soon) == row["dueSoon"]


async def test_weeks_ahead_are_what_the_list_says(space):
    await tell(space)
    weeks = (await space.get("/dashboard/sla-forecast"))["data"]
    told = {week["week"]: {n: c for n, c in week["bySeverity"].items() if c} for week in weeks}
    # In days from today that one is breached first: critical 8, 7, 1; high 8, 7; medium 51, 1.
    assert told == {
        1: {"critical": 2, "high": 1, "medium": 1},
        2: {"critical": 1, "high": 1},
        **{week: {} for week in (3, 4, 5, 6, 7)},
        8: {"medium": 1},
    }
    assert [week["total"] for week in weeks] == [4, 2, 0, 0, 0, 0, 0, 1]
    assert (weeks[0]["startsOn"], weeks[0]["endsOn"]) == (str(today(-1)), str(today(-7)))
    assert (weeks[7]["startsOn"], weeks[7]["endsOn"]) == (str(today(-50)), str(today(-56)))
    tiers = (await space.get("/dashboard/sla"))["tiers"]
    for row in tiers:
        assert weeks[0]["bySeverity"][row["severity"].lower()] == row["dueSoon"]
    days = {row["severity"]: row["allowedDays"] for row in tiers if row["allowedDays"]}
    for week in weeks:
        for severity, allowed in days.items():
            first, last = (
                date.fromisoformat(week[name]) - timedelta(days=allowed + 1)
                for name in ("startsOn", "endsOn")
            )
            listed = await total(space, severity=severity, startDate=first, endDate=last)
            assert listed == week["bySeverity"][severity.lower()], (week["week"], severity)


async def test_nothing_yet(space):
    body = await space.get("/dashboard/sla")
    assert {numbers(row) for row in (*body["tiers"], body["total"])} == {(0, 0, 0, 0, None)}
    assert [week["total"] for week in (await space.get("/dashboard/sla-forecast"))["data"]] == [0] * 8


async def test_what_is_fixed_or_accepted_breaches_nothing(space):
    host = {"name": "10.2.0.1", "end": datetime.now(UTC) - timedelta(days=20)}
    await space.take(
        nessus(Host(items=[Item(plugin=n, severity=4) for n in (1, 2, 3)], **host), checks=(1, 2, 3))
    )
    assert numbers(tier(await space.get("/dashboard/sla"), "CRITICAL")) == (3, 0, 0, 3, 0.0)
    again = {**host, "end": datetime.now(UTC) - timedelta(days=1)}
    left = nessus(Host(items=[Item(plugin=n, severity=4) for n in (1, 2)], **again), checks=(1, 2, 3))
    await space.take(left)
    (row,) = await space.vulnerabilities(pluginId=1)
    assert (await space.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=ACCEPT)).status == 200
    assert numbers(tier(await space.get("/dashboard/sla"), "CRITICAL")) == (1, 0, 0, 1, 0.0)


async def test_what_comes_back_is_as_old_as_before(space):
    def scan(*items, ago):
        end = datetime.now(UTC) - timedelta(days=ago)
        return nessus(Host(name="10.2.0.1", items=items, end=end), checks=(1,))

    for ago, items in ((20, [Item(plugin=1, severity=4)]), (10, []), (2, [Item(plugin=1, severity=4)])):
        await space.take(scan(*items, ago=ago))
    assert (await space.only())["state"] == "reopened"
    assert tier(await space.get("/dashboard/sla"), "CRITICAL")["breached"] == 1


async def test_a_past_day_counts_what_was_known_and_due_then(space):
    await space.take(report([(CRITICAL, 7), (CRITICAL, 8)]))
    await space.a_day_passes()
    await space.take(report([(CRITICAL, 7), (CRITICAL, 8), (HIGH, 40)]))
    now = await space.get("/dashboard/sla")
    before = await space.get("/dashboard/sla", asOf=today(1))
    assert (numbers(tier(now, "CRITICAL")), numbers(tier(now, "HIGH"))) == (
        (2, 1, 1, 1, 50.0),
        (1, 0, 0, 1, 0.0),
    )
    assert before["day"] == str(today(1))
    assert (numbers(tier(before, "CRITICAL")), tier(before, "HIGH")["active"]) == ((2, 2, 2, 0, 100.0), 0)
    assert await space.get("/dashboard/sla", asOf=today()) == now
    since = date.fromisoformat(tier(before, "CRITICAL")["withinSince"])
    assert await total(space, severity="CRITICAL", asOf=today(1), startDate=since) == 2


@pytest.mark.parametrize("path", ["/dashboard/sla", "/dashboard/sla-forecast", "/dashboard/sla-policy"])
@pytest.mark.parametrize("name", ["state", "page", "as_of"])
async def test_what_is_not_documented_is_refused(story, path, name):
    assert (await story.refusal(path, **{name: "HIGH"}))["details"][0]["field"] == name


@pytest.mark.parametrize("when", ["2999-01-01", "yesterday", ""])
async def test_a_day_has_begun(story, when):
    assert (await story.refusal("/dashboard/sla", asOf=when))["details"][0]["field"] == "asOf"
