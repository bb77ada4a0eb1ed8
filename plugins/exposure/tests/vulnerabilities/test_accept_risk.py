"""Accepting a risk and taking that back."""

from dataclasses import replace

import pytest
from exposure_once import once
from exposure_reports import MEDIUM, Host, Item, day, nessus

from threatweaver.jobs.schedule import run_due

GOOD = {"until": "2099-01-01T00:00:00Z", "reason": "behind a firewall"}


@once
async def _two(space):
    await space.take(nessus(Host(items=[Item(severity=4), Item(plugin=1002)], end=day(1)), checks=[1001]))


@pytest.fixture
async def found(space):
    await _two(space)
    yield await space.only(pluginId=1001)
    await space.check()


async def accept(space, found, **body):
    return await space.call("POST", f"/vulnerabilities/{found['id']}/accept-risk", json=body)


async def test_accepted_risk_no_longer_counts(space, found):
    assert (await space.get("/dashboard/kpis"))["critical"] == 1
    answer = await accept(space, found, **GOOD)
    assert answer.status == 200
    accepted = answer.body["data"]
    assert accepted["state"] == "accepted"
    assert accepted["acceptance"]["reason"] == GOOD["reason"]
    assert accepted["acceptance"]["until"] == GOOD["until"]
    assert accepted["acceptance"]["acceptedBy"]
    assert accepted == await space.only(pluginId=1001)
    kpis = await space.get("/dashboard/kpis")
    assert (kpis["critical"], kpis["medium"], kpis["riskScore"]) == (0, 1, MEDIUM)
    (asset,) = await space.walk("/assets")
    assert (asset["worstSeverity"], asset["openVulnerabilities"]["critical"]) == ("MEDIUM", 0)
    assert [row["pluginId"] for row in await space.walk("/vulnerabilities")] == [1002]


async def test_accepted_again_takes_the_new_reason(space, found):
    await accept(space, found, **GOOD)
    answer = await accept(space, found, until="2098-01-01T00:00:00+02:00", reason="another reason")
    assert answer.status == 200
    assert answer.body["data"]["acceptance"]["reason"] == "another reason"
    assert answer.body["data"]["acceptance"]["until"] == "2097-12-31T22:00:00Z"


async def test_reopened_counts_again(space, found):
    await accept(space, found, **GOOD)
    answer = await space.call("POST", f"/vulnerabilities/{found['id']}/reopen")
    assert (answer.status, answer.body["data"]["state"], answer.body["data"]["acceptance"]) == (
        200,
        "reopened",
        None,
    )
    assert (await space.get("/dashboard/kpis"))["critical"] == 1


async def test_what_is_not_accepted_cannot_be_reopened(space, found):
    answer = await space.call("POST", f"/vulnerabilities/{found['id']}/reopen")
    assert (answer.status, answer.body["code"]) == (409, "NOT_ACCEPTED")


async def test_what_is_fixed_cannot_be_accepted(space, found):
    await space.take(nessus(Host(end=day(2)), checks=[1001]))
    answer = await accept(space, found, **GOOD)
    assert (answer.status, answer.body["code"]) == (409, "VULNERABILITY_FIXED")
    assert (await space.only(pluginId=1001))["acceptance"] is None


async def test_past_date_makes_no_sense(space, found):
    answer = await accept(space, found, until="2020-01-01T00:00:00Z", reason=GOOD["reason"])
    assert (answer.status, answer.body["code"]) == (422, "UNPROCESSABLE")
    assert (await space.only(pluginId=1001))["state"] == "open"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"until", "reason"}),
        ({**GOOD, "reason": "short"}, {"reason"}),
        ({**GOOD, "reason": "x" * 2001}, {"reason"}),
        ({**GOOD, "reason": "nul \x00 inside it"}, {"body"}),
        ({**GOOD, "reason": None}, {"reason"}),
        ({**GOOD, "until": "2099-01-01"}, {"until"}),
        ({**GOOD, "until": "2099-01-01T00:00:00"}, {"until"}),
        ({**GOOD, "until": "never"}, {"until"}),
        ({**GOOD, "severity": "LOW"}, {"severity"}),
    ],
)
async def test_bad_bodies(space, found, body, fields):
    answer = await accept(space, found, **body)
    assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")
    assert {detail["field"] for detail in answer.body["details"]} == fields
    assert (await space.only(pluginId=1001))["state"] == "open"


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59+12:00"]
)
async def test_end_of_time_makes_no_sense(space, found, until):
    answer = await accept(space, found, until=until, reason=GOOD["reason"])
    assert (answer.status, answer.body["code"]) == (422, "UNPROCESSABLE")


async def test_far_future_is_taken(space, found):
    answer = await accept(space, found, until="9998-12-31T23:59:59-12:00", reason=GOOD["reason"])
    assert answer.body["data"]["acceptance"]["until"] == "9999-01-01T11:59:59Z"


async def test_unknown_id(space, found, unknown_id):
    for action, options in (("accept-risk", {"json": GOOD}), ("reopen", {})):
        answer = await space.call("POST", f"/vulnerabilities/{unknown_id}/{action}", **options)
        assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")


async def test_reopen_takes_no_body(space, found):
    await accept(space, found, **GOOD)
    answer = await space.call("POST", f"/vulnerabilities/{found['id']}/reopen", json={"why": "x"})
    assert answer.status == 400


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("analyst", 200)])
async def test_roles(space, found, as_role, role, status):
    headers = await as_role(role, space.tenant)
    answer = await space.call(
        "POST", f"/vulnerabilities/{found['id']}/accept-risk", json=GOOD, headers=headers
    )
    assert answer.status == status


async def test_every_write_leaves_an_audit_line_and_a_refused_one_none(space, found):
    count = "SELECT count(*) AS n FROM audit_line"
    (before,) = await space.sql(count)
    answer = await accept(space, found, **GOOD)
    await accept(space, found, **{**GOOD, "until": "2020-01-01T00:00:00Z"})
    lines = await space.sql("SELECT * FROM audit_line ORDER BY at DESC LIMIT 1")
    (after,) = await space.sql(count)
    assert after["n"] == before["n"] + 1
    assert lines[0]["path"] == f"/api/vulnerabilities/{found['id']}/accept-risk"
    assert lines[0]["request_id"] == answer.headers["X-Request-Id"]
    assert str(lines[0]["actor_id"]) == answer.body["data"]["acceptance"]["acceptedBy"]


async def test_an_acceptance_ends_with_its_date(space, found, kernel):
    # Every tenant of this database is asked at each run: this job alone, whatever else is due.
    jobs = {name: job for name, job in kernel.registry.jobs.items() if name == "exposure.reopen_expired"}
    kernel = replace(kernel, registry=replace(kernel.registry, jobs=jobs))
    await accept(space, found, **GOOD)
    assert await run_due(kernel, minute=5) == 0
    assert (await space.only(pluginId=1001))["state"] == "accepted"
    async with kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute("UPDATE exposure_acceptance SET until = now() - interval '1 second'")
    assert await run_due(kernel, minute=6) == 0  # not due
    assert (await space.only(pluginId=1001))["state"] == "accepted"
    assert await run_due(kernel, minute=10) == 0
    row = await space.only(pluginId=1001)
    assert (row["state"], row["acceptance"]) == ("reopened", None)
    assert (await space.get("/dashboard/kpis"))["critical"] == 1
