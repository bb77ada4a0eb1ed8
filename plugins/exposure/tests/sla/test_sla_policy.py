"""/dashboard/sla-policy: who may set what, and that the figures follow."""

from datetime import UTC, datetime, timedelta

import pytest
from exposure_reports import Host, Item, nessus

PATH = "/dashboard/sla-policy"
DEFAULTS = {"critical": 7, "high": 30, "medium": 90, "low": 180, "info": None}
STRICT = {"critical": 1, "high": 2, "medium": 3, "low": 4, "info": 3650}


def days(policy):
    return {name: policy[name] for name in DEFAULTS}


async def put(space, body, **options):
    return await space.call("PUT", PATH, json=body, **options)


async def test_the_defaults_are_nobodys(space):
    assert await space.get(PATH) == {**DEFAULTS, "updatedBy": None, "updatedAt": None}


async def test_what_is_set_is_kept_and_replaced(space):
    me = (await space.get("/auth/me"))["id"]
    for wanted in (STRICT, {**STRICT, "low": None}):
        answer = await put(space, wanted)
        assert (answer.status, days(answer.body), answer.body["updatedBy"]) == (200, wanted, me)
        assert await space.get(PATH) == answer.body
        assert answer.body["updatedAt"].startswith(f"{datetime.now(UTC):%Y-%m}")
    assert [row["n"] for row in await space.sql("SELECT count(*) AS n FROM exposure_sla_policy")] == [1]


async def test_figures_follow_the_policy(space):
    end = datetime.now(UTC) - timedelta(days=5)
    await space.take(nessus(Host(items=[Item(severity=4), Item(plugin=1002, severity=0)], end=end)))

    async def breached():
        return {row["severity"]: row["breached"] for row in (await space.get("/dashboard/sla"))["tiers"]}

    assert (await breached())["CRITICAL"] == 0
    await put(space, {**DEFAULTS, "critical": 4, "info": 4})
    found = await breached()
    assert (found["CRITICAL"], found["INFO"], sum(found.values())) == (1, 1, 2)
    await put(space, dict.fromkeys(DEFAULTS))
    body = await space.get("/dashboard/sla")
    assert body["total"] == {
        "active": 0,
        "within": 0,
        "dueSoon": 0,
        "breached": 0,
        "compliancePercent": None,
    }
    assert [week["total"] for week in (await space.get("/dashboard/sla-forecast"))["data"]] == [0] * 8


@pytest.mark.parametrize("value", [0, -1, 3651, 1.5, "x", [], 10**30])
async def test_a_number_of_days_that_is_none(space, value):
    answer = await put(space, {**DEFAULTS, "high": value})
    assert (answer.status, answer.body["details"][0]["field"]) == (400, "high")
    assert days(await space.get(PATH)) == DEFAULTS


@pytest.mark.parametrize("name", [*DEFAULTS, "unknown"])
async def test_every_severity_has_to_be_said_and_nothing_else(space, name):
    body = {**DEFAULTS, name: 1} if name == "unknown" else {k: v for k, v in DEFAULTS.items() if k != name}
    answer = await put(space, body)
    assert (answer.status, answer.body["details"][0]["field"]) == (400, name)


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("analyst", 403), ("scanner_admin", 403), ("viewer", 403)]
)
async def test_managers_say_and_everybody_reads(space, as_role, role, status):
    headers = await as_role(role, space.tenant)
    assert (await put(space, STRICT, headers=headers)).status == status
    assert (await space.call("GET", PATH, headers=headers)).status == 200
    assert days(await space.get(PATH)) == (STRICT if status == 200 else DEFAULTS)


async def test_a_policy_is_its_tenants(space, outsider):
    await put(space, STRICT)
    assert days(await outsider.get(PATH)) == DEFAULTS
