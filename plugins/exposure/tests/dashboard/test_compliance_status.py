"""/dashboard/compliance-status: every measure is what the lists and the policy say."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, nessus

SEVERITIES = {1001: 4, 1002: 3, 1003: 0}


def ago(days):
    return datetime.now(UTC) - timedelta(days=days)


def host(number, days, *plugins, credentialed=False):
    items = [Item(plugin=plugin, severity=SEVERITIES[plugin]) for plugin in plugins]
    return Host(name=f"10.9.0.{number}", items=items, end=ago(days), credentialed=credentialed)


async def controls(space, **given):
    body = await space.get("/dashboard/compliance-status", **given)
    return body, {row["control"]: row for row in body["controls"]}


async def test_measures_are_what_the_lists_say(space):
    await space.take(
        nessus(
            host(1, 30, 1001, 1002, 1003, credentialed=True),
            host(2, 31, 1001, 1002),
            host(3, 1),
            host(4, 91, 1003),
            checks=range(1001, 1004),
        )
    )
    body, found = await controls(space)
    told = {name: (row["met"], row["of"], row["percent"], row["status"]) for name, row in found.items()}
    assert told == {
        "6.3.3": (1, 2, 50.0, "not_met"),
        "11.3.1": (3, 4, 75.0, "not_met"),
        "11.3.1.2": (1, 4, 25.0, "not_met"),
        "7.5": (3, 4, 75.0, "not_met"),
        "7.7": (1, 4, 25.0, "not_met"),  # allowed are 7 days for CRITICAL, 30 for HIGH
        "ID.RA-01": (2, 4, 50.0, "not_met"),
        "PR.PS-02": (1, 4, 25.0, "not_met"),
        "A.8.8": (1, 4, 25.0, "not_met"),
    }
    assert (body["met"], body["notMet"], body["noData"]) == (0, 8, 0)
    for name in ("6.3.3", "7.7"):
        row, listed = found[name], 0
        for look in row["shortfall"]:
            listed += (await space.get(look["path"], limit=1, **look["query"]))["meta"]["total"]
        assert listed == row["of"] - row["met"]
    (look,) = found["11.3.1"]["shortfall"]
    assert (await space.get(look["path"], limit=1, **look["query"]))["data"][0]["name"] == "10.9.0.4"


async def test_the_policy_moves_what_is_measured_by_it_and_nothing_else(space):
    await space.take(nessus(host(1, 8, 1001, credentialed=True), checks=range(1001, 1004)))
    before = (await controls(space))[1]
    assert (before["7.7"]["status"], before["6.3.3"]["status"]) == ("not_met", "met")
    policy = {"critical": 8, "high": None, "medium": None, "low": None, "info": None}
    assert (await space.call("PUT", "/dashboard/sla-policy", json=policy)).status == 200
    body, after = await controls(space)
    assert body["met"] == len(after) == 8
    assert after["6.3.3"] == before["6.3.3"]


async def test_nothing_yet(space):
    body, found = await controls(space)
    assert body["noData"] == len(found)
    assert {(row["percent"], row["status"]) for row in found.values()} == {(None, "no_data")}


@pytest_asyncio.fixture(loop_scope="session")
async def tagged(space):
    """Four hosts, of which two have the tag and the group, with what is late and what is not."""
    await space.take(
        nessus(
            host(1, 30, 1001, 1002, credentialed=True),
            host(2, 31, 1001, 1002),
            host(3, 1, 1002),
            host(4, 91, 1001),
            checks=range(1001, 1004),
        )
    )
    ids = {row["name"][-1]: row["id"] for row in await space.walk("/assets")}
    for number in "14":
        await space.call("PUT", f"/assets/{ids[number]}/tags", json={"tags": ["scope"]})
    group = (await space.call("POST", "/asset-groups", json={"name": "Scope"})).body["data"]["id"]
    members = {"assetIds": [ids["1"], ids["4"]]}
    assert (await space.call("POST", f"/asset-groups/{group}/members", json=members)).status == 200
    space.group = group
    return space


def told(found, *names):
    return [(found[name]["met"], found[name]["of"]) for name in names]


@pytest.mark.parametrize("chosen", ["tag", "assetGroup"])
async def test_a_tag_and_a_group_choose_what_is_in_scope(tagged, chosen):
    given = {chosen: "scope" if chosen == "tag" else tagged.group}
    _, found = await controls(tagged, **given)
    assert told(found, "6.3.3", "7.7", "11.3.1", "11.3.1.2") == [(1, 2), (1, 3), (1, 2), (1, 2)]
    assert found["ID.RA-01"]["shortfall"] == [{"path": "/assets", "query": {**given, "sort": "lastSeen"}}]


async def test_severity_and_dates_choose_vulnerabilities_and_no_assets(tagged):
    _, found = await controls(tagged, severity="HIGH")
    assert found["6.3.3"]["status"] == "no_data"
    assert told(found, "7.7", "11.3.1") == [(2, 3), (3, 4)]
    first = ago(31).date()
    _, found = await controls(tagged, startDate=first, endDate=ago(30).date())
    assert told(found, "6.3.3", "7.7", "11.3.1") == [(1, 2), (1, 4), (3, 4)]


@pytest.mark.parametrize("given", [{}, {"severity": "critical,LOW"}, {"endDate": 31}, {"startDate": 31}])
@pytest.mark.parametrize("scope", [{}, {"tag": "SCOPE"}, {"assetGroup": "group"}])
async def test_the_shortfall_is_listed_under_every_filter(tagged, given, scope):
    given = {name: ago(value).date() if name.endswith("Date") else value for name, value in given.items()}
    scope = {name: tagged.group if name == "assetGroup" else value for name, value in scope.items()}
    _, found = await controls(tagged, **given, **scope)
    for name in ("6.3.3", "7.7"):
        row, listed = found[name], 0
        for look in row["shortfall"]:
            listed += (await tagged.get(look["path"], limit=1, **look["query"]))["meta"]["total"]
        assert listed == row["of"] - row["met"]


@pytest.mark.parametrize("text", ["severity=BAD", "tag=", "assetGroup=x", "startDate=x", "asOf=2026-01-01"])
async def test_what_is_not_documented_is_refused(space, text):
    name, value = text.split("=")
    body = await space.refusal("/dashboard/compliance-status", **{name: value})
    assert body["details"][0]["field"] == name
