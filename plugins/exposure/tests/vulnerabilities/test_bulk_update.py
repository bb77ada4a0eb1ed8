"""Deciding on many vulnerabilities at once: the same as on each, in one transaction."""

from dataclasses import replace

import pytest
from exposure_once import once
from exposure_reports import Host, Item, day, nessus

PATH = "/vulnerabilities/bulk-update"
ACCEPT = {"action": "accept-risk", "until": "2099-01-01T00:00:00Z", "reason": "behind a firewall"}
REOPEN = {"action": "reopen"}
NOBODY = "01a21685-14aa-7df3-9a9c-108bc3af010d"


@once
async def _fleet(space):
    def scan(at, *extra):
        items = [Item(severity=4), Item(plugin=1002, severity=2)]
        hosts = [Host(name=f"10.0.0.{n}", items=[*items, *extra], end=day(at)) for n in (1, 2, 3)]
        return nessus(*hosts, checks=[1001, 1002, 1003])

    await space.take(scan(1, Item(plugin=1003)))
    await space.take(scan(2))


@pytest.fixture
async def fleet(space):
    """Three hosts with two open vulnerabilities each, and one that is fixed."""
    await _fleet(space)
    yield space
    await space.check()


async def update(space, **body):
    return await space.call("POST", PATH, json=body)


async def stripped(space):
    """What there is, without the ids and times that differ between two ways to the same."""
    rows = {}
    for row in await space.vulnerabilities():
        detail = (await space.get(f"/vulnerabilities/{row['id']}"))["data"]
        events = (await space.get(f"/vulnerabilities/{row['id']}/history"))["data"]
        said = {k: v for k, v in (detail["acceptance"] or {}).items() if k != "acceptedAt"}
        told = [
            {k: event[k] for k in ("action", "state", "severity", "riskScore", "actorId")} for event in events
        ]
        rows[row["assetName"], row["pluginId"]] = (row["state"], row["riskScore"], said, told)
    assets = [(a["name"], a["riskScore"], a["openVulnerabilities"]) for a in await space.walk("/assets")]
    return rows, sorted(assets, key=lambda item: item[0]), await space.get("/dashboard/kpis")


async def test_it_is_what_the_same_on_each_would_be(fleet, make_space):
    answer = await update(fleet, filter={"severity": "CRITICAL"}, **ACCEPT)
    expected = {"dryRun": False, "action": "accept-risk", "matched": 3, "changed": 3, "skipped": 0}
    assert (answer.status, answer.body) == (200, expected)
    at_once = await stripped(fleet)
    assert (await update(fleet, filter={}, **REOPEN)).body["changed"] == 3
    reopened = await stripped(fleet)
    await fleet.empty()
    items = [Item(severity=4), Item(plugin=1002, severity=2)]
    for at, extra in ((1, [Item(plugin=1003)]), (2, [])):
        hosts = [Host(name=f"10.0.0.{n}", items=[*items, *extra], end=day(at)) for n in (1, 2, 3)]
        await fleet.take(nessus(*hosts, checks=[1001, 1002, 1003]))
    each = {name: text for name, text in ACCEPT.items() if name != "action"}
    for row in await fleet.vulnerabilities(severity="CRITICAL"):
        await fleet.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=each)
    assert await stripped(fleet) == at_once
    for row in await fleet.vulnerabilities(state="accepted"):
        await fleet.call("POST", f"/vulnerabilities/{row['id']}/reopen")
    assert await stripped(fleet) == reopened


async def test_a_trial_and_a_wrong_count_change_nothing(fleet):
    before = await fleet.snapshot()
    tried = await update(fleet, filter={"state": "all"}, dryRun=True, **ACCEPT)
    assert tried.body == {"dryRun": True, "action": "accept-risk", "matched": 9, "changed": 6, "skipped": 3}
    refused = await update(fleet, filter={"state": "all"}, expectedCount=8, **ACCEPT)
    assert (refused.status, refused.body["code"]) == (409, "COUNT_DIFFERS")
    assert (refused.body["expected"], refused.body["matched"]) == (8, 9)
    assert await fleet.snapshot() == before
    done = await update(fleet, filter={"state": "all"}, expectedCount=9, **ACCEPT)
    assert done.body == {**tried.body, "dryRun": False}
    assert {row["state"] for row in await fleet.vulnerabilities(pluginId=1003)} == {"fixed"}


async def test_what_is_accepted_takes_the_new_date_and_leaves_no_event(fleet):
    await update(fleet, filter={"severity": "CRITICAL"}, **ACCEPT)
    later = {**ACCEPT, "until": "2098-01-01T00:00:00Z", "reason": "behind two firewalls"}
    answer = await update(fleet, filter={"severity": "CRITICAL", "state": "accepted"}, **later)
    assert (answer.body["matched"], answer.body["changed"]) == (3, 3)
    for row in await fleet.vulnerabilities(state="accepted"):
        detail = (await fleet.get(f"/vulnerabilities/{row['id']}"))["data"]
        assert detail["acceptance"]["reason"] == "behind two firewalls"
        events = (await fleet.get(f"/vulnerabilities/{row['id']}/history"))["data"]
        assert [event["action"] for event in events] == ["accepted", "created"]


async def test_by_ids_all_or_none(fleet):
    ids = [row["id"] for row in await fleet.vulnerabilities(severity="CRITICAL")]
    missing = await update(fleet, vulnerabilityIds=[*ids, NOBODY], **ACCEPT)
    assert (missing.status, missing.body["code"]) == (422, "UNPROCESSABLE")
    assert await fleet.vulnerabilities(state="accepted") == []
    answer = await update(fleet, vulnerabilityIds=[*ids, ids[0]], **ACCEPT)
    assert (answer.body["matched"], answer.body["changed"]) == (3, 3)
    assert {row["id"] for row in await fleet.vulnerabilities(state="accepted")} == set(ids)
    answer = await update(fleet, vulnerabilityIds=ids[:1], **REOPEN)
    assert (answer.body["matched"], answer.body["changed"]) == (1, 1)


async def test_it_leaves_a_line_that_says_what(fleet):
    await update(fleet, filter={"severity": "CRITICAL"}, **ACCEPT)
    line = (await fleet.get("/security/audit", target="vulnerabilities", limit=1))["data"][0]
    assert (line["after"]["matched"], line["after"]["filter"]) == (3, {"severity": "CRITICAL"})
    assert line["after"]["reason"] == ACCEPT["reason"]


async def test_whoever_may_decide_on_some_decides_on_those(fleet, as_role, kernel):
    group = (await fleet.call("POST", "/asset-groups", json={"name": "mine"})).body["data"]["id"]
    first, second, _ = await fleet.walk("/assets", sort="name")
    await fleet.call("POST", f"/asset-groups/{group}/members", json={"assetIds": [first["id"]]})
    someone = replace(fleet, headers=await as_role("nothing", fleet.tenant))
    grant = {"role": "analyst", "scope": "asset_group", "scopeId": group}
    me = await someone.get("/auth/me")
    assert (await fleet.call("POST", "/admin/grants", json={"userId": me["id"], **grant})).status == 201
    kernel.identifier.forget()
    (others,) = await fleet.vulnerabilities(assetId=second["id"], severity="CRITICAL")
    assert (await update(someone, vulnerabilityIds=[others["id"]], **ACCEPT)).status == 422
    answer = await update(someone, filter={}, **ACCEPT)
    assert (answer.status, answer.body["matched"]) == (200, 2)
    assert {row["assetId"] for row in await fleet.vulnerabilities(state="accepted")} == {first["id"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**REOPEN}, "vulnerabilityIds"),
        ({**REOPEN, "filter": {}, "vulnerabilityIds": [NOBODY]}, "vulnerabilityIds"),
        ({**REOPEN, "vulnerabilityIds": []}, "vulnerabilityIds"),
        ({"filter": {}}, "action"),
        ({"filter": {}, "action": "delete"}, "action"),
        ({"filter": {}, "action": "accept-risk", "until": "2099-01-01T00:00:00Z"}, "reason"),
        ({"filter": {}, "action": "accept-risk", "reason": "behind a firewall"}, "until"),
        ({"filter": {}, "action": "reopen", "reason": "behind a firewall"}, "reason"),
        ({"filter": {"nonsense": "1"}, **REOPEN}, "filter.nonsense"),
        ({"filter": {"severity": "SOME"}, **REOPEN}, "filter.severity"),
        ({"filter": {"asOf": "2026-01-01"}, **REOPEN}, "filter.asOf"),
        ({"filter": {}, "expectedCount": "3", **REOPEN}, "expectedCount"),
        ({"filter": {}, "expectedCount": -1, **REOPEN}, "expectedCount"),
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused(space, body, field):
    answer = await update(space, **body)
    assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")
    assert field in {detail["field"] for detail in answer.body["details"]}


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
async def test_a_date_that_cannot_be_is_refused(fleet, until):
    answer = await update(fleet, filter={}, **{**ACCEPT, "until": until})
    assert (answer.status, answer.body["code"]) == (422, "UNPROCESSABLE")
