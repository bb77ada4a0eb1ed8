"""/dashboard/group-comparison: each group or tag is what the lists and figures say of it alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, nessus

PATH = "/dashboard/group-comparison"
ALLOWED = {"CRITICAL": 7, "HIGH": 30, "MEDIUM": 90, "LOW": 180}
GIVEN = [{}, {"severity": "critical,INFO"}, {"endDate": "2024-05-01"}, {"startDate": "2024-05-02"}]


async def check(space, by, **given):
    """Compare every row with what the lists say, under the filter that it brings."""
    body = await space.get(PATH, by=by, limit=50, **given)
    chosen = {name: value for name, value in given.items() if name in {"tag", "assetGroup"}}
    for row in body["data"]:
        of = {"tag": row["name"]} if by == "tag" else {"assetGroup": row["id"]}
        assets = await space.walk("/assets", **chosen, **of)
        scores = [asset["riskScore"] for asset in assets]
        assert row["assets"] == len(assets)
        assert row["riskScore"] == (round(sum(scores) / len(scores), 1) if scores else 0)
        assert row["look"]["query"].items() >= of.items()
        stats = await space.get("/vulnerabilities/stats", **row["look"]["query"])
        assert (row["active"], row["bySeverity"]) == (stats["total"], stats["bySeverity"])
        assert row["breached"] == await late(space, row["look"]["query"])
    return {row["name"]: row for row in body["data"]}


async def late(space, query):
    """How many of a list are in breach of the default policy."""
    today, count = datetime.now(UTC).date(), 0
    for row in await space.walk("/vulnerabilities", **query):
        age = (today - date.fromisoformat(row["firstSeen"][:10])).days
        count += age > ALLOWED.get(row["severity"], 10**6)
    return count


@pytest.mark.parametrize("given", GIVEN, ids=str)
@pytest.mark.parametrize("by", ["tag", "group"])
async def test_a_row_is_what_the_lists_say(story, by, given):
    found = await check(story, by, **given)
    assert {name.lower() for name in found} == ({"production", "web"} if by == "tag" else {"dmz"})


async def test_tags_within_a_group_and_groups_within_a_tag(story):
    tags = await check(story, "tag", assetGroup=story.group)
    assert {name.lower(): row["assets"] for name, row in tags.items()} == {"production": 1, "web": 1}
    groups = await check(story, "group", tag="web", severity="HIGH")
    assert [row["assets"] for row in groups.values()] == [1]
    assert (await check(story, "group", tag="none"))["DMZ"]["riskScore"] == 0


@pytest.mark.parametrize(("by", "parameter"), [("tag", "tag"), ("group", "assetGroup")])
async def test_what_is_compared_is_no_filter(story, by, parameter):
    body = await story.refusal(PATH, by=by, **{parameter: "web" if by == "tag" else story.group})
    assert body["details"][0]["field"] == parameter


def host(number, ago, *plugins):
    severities = {1001: 4, 1002: 3, 1003: 0}
    end = datetime.now(UTC) - timedelta(days=ago)
    items = [Item(plugin=plugin, severity=severities[plugin]) for plugin in plugins]
    return Host(name=f"10.4.0.{number}", items=items, end=end)


def scan(*hosts):
    return nessus(*hosts, checks=range(1001, 1004))


@pytest_asyncio.fixture(loop_scope="session")
async def closed(space):
    """Two of three hosts are tagged `both`, one of them `one`; three findings were closed after five days."""
    await space.take(scan(host(1, 20, 1001, 1002, 1003), host(2, 20, 1001, 1002), host(3, 20, 1001, 1002)))
    ids = {row["name"][-1]: row["id"] for row in await space.walk("/assets")}
    for number, tags in {"1": ["both", "one"], "2": ["both"]}.items():
        assert (await space.call("PUT", f"/assets/{ids[number]}/tags", json={"tags": tags})).status == 200
    await space.call("POST", "/tags", json={"name": "empty"})
    await space.days_pass(5)
    await space.take(scan(host(1, 1, 1002, 1003), host(2, 1), host(3, 1, 1002)))
    return space


async def test_closings_and_the_policy_are_each_ones_own(closed):
    found = await check(closed, "tag")
    told = {
        name: (row["closed"], row["meanDays"], row["active"], row["breached"], row["compliancePercent"])
        for name, row in found.items()
    }
    assert told["both"] == (3, pytest.approx(5, abs=0.01), 2, 0, 100.0)
    assert told["one"] == (1, pytest.approx(5, abs=0.01), 2, 0, 100.0)
    assert set(told) <= {"both", "one", "empty"}
    critical = await check(closed, "tag", severity="CRITICAL")
    assert (critical["both"]["closed"], critical["both"]["active"]) == (2, 0)
    assert critical["both"]["compliancePercent"] is None
    await closed.call(
        "PUT",
        "/dashboard/sla-policy",
        json={"critical": 7, "high": 19, "medium": 90, "low": 180, "info": None},
    )
    (row,) = [row for row in (await closed.get(PATH, by="tag"))["data"] if row["name"] == "one"]
    assert (row["breached"], row["compliancePercent"]) == (1, 0.0)


@pytest.mark.parametrize("given", [{}, {"severity": "HIGH"}, {"days": 3}], ids=str)
async def test_a_tag_on_everything_has_the_time_to_remediate_of_all(closed, given):
    for asset in [row["id"] for row in await closed.walk("/assets")]:
        await closed.call("PUT", f"/assets/{asset}/tags", json={"tags": ["all"]})
    row = next(row for row in (await closed.get(PATH, by="tag", **given))["data"] if row["name"] == "all")
    mttr = await closed.get("/dashboard/mttr", **given)
    assert (row["closed"], row["meanDays"]) == (mttr["closed"], mttr["meanDays"])
    assert mttr["closed"] == (1 if "severity" in given else 4)


async def test_as_many_as_asked_for_the_worst_first(story):
    every = (await story.get(PATH, by="tag"))["data"]
    assert (await story.get(PATH, by="tag", limit=1))["data"] == every[:1]
    scores = [row["riskScore"] for row in every]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("text", ["by=x", "limit=0", "limit=51", "days=0", "severity=BAD", "page=1"])
async def test_what_is_not_documented_is_refused(story, text):
    name, value = text.split("=")
    assert (await story.refusal(PATH, **{name: value}))["details"][0]["field"] == name


async def test_nothing_yet(space):
    assert (await space.get(PATH))["data"] == []
