"""What happened to a vulnerability, what was known on a day, and whether the numbers agree."""

from datetime import UTC, datetime, timedelta

import pytest
from exposure_reports import Host, Item, day, nessus
from exposure_space import until

from threatweaver_exposure.history import queries
from threatweaver_exposure.retention import CLASSES


def today(ago=0):
    return datetime.now(UTC).date() - timedelta(days=ago)


def scan(*items, at=1, checks=(1001, 1002)):
    return nessus(Host(items=items, end=day(at)), checks=checks)


async def accept(space, identifier):
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    answer = await space.call("POST", f"/vulnerabilities/{identifier}/accept-risk", json=body)
    assert answer.status == 200, answer


async def test_every_change_is_told_with_its_cause(space):
    await space.take(scan(Item(severity=2)), name="first.nessus")
    await space.take(scan(Item(severity=3), at=2), name="worse.nessus")
    row = await space.only()
    await accept(space, row["id"])
    await space.call("POST", f"/vulnerabilities/{row['id']}/reopen")
    await space.take(scan(at=3), name="gone.nessus")
    await space.take(scan(Item(severity=3), at=4), name="back.nessus")
    events = (await space.get(f"/vulnerabilities/{row['id']}/history"))["data"]
    assert [(item["action"], item["state"], item["severity"], item["filename"]) for item in events] == [
        ("reopened", "reopened", "HIGH", "back.nessus"),
        ("closed", "fixed", "HIGH", "gone.nessus"),
        ("reopened", "reopened", "HIGH", None),
        ("accepted", "accepted", "HIGH", None),
        ("updated", "open", "HIGH", "worse.nessus"),
        ("created", "open", "MEDIUM", "first.nessus"),
    ]
    me = (await space.get("/auth/me"))["id"]
    assert [item["actorId"] for item in events] == [None, None, me, me, None, None]
    assert [item["at"] for item in events] == sorted((item["at"] for item in events), reverse=True)


async def test_what_changes_nothing_that_is_shown_leaves_no_event(space):
    await space.take(scan(Item()))
    await space.take(scan(Item(output="other words"), at=2))
    await space.take(scan(Item(output="other words"), at=3))
    assert [row["action"] for row in await space.sql("SELECT action FROM exposure_event")] == ["created"]


async def test_a_day_shows_what_was_known_then(space):
    await space.take(scan(Item(plugin=1001, severity=4), Item(plugin=1002, severity=1)))
    before = await space.known()
    await space.a_day_passes()
    await space.take(scan(Item(plugin=1002, severity=3), at=2))
    after = await space.known()
    assert before["kpis"] != after["kpis"]
    assert await space.known(asOf=today(1)) == before
    assert await space.known(asOf=today()) == after
    nothing = await space.known(asOf=today(2))
    assert (nothing["kpis"]["totalVulnerabilities"], nothing["kpis"]["totalAssets"]) == (0, 0)
    assert (nothing["all"], nothing["stats"]["total"]) == ([], 0)


async def test_lists_of_a_day_take_every_filter_and_page(space):
    await space.take(
        nessus(*[Host(name=f"10.0.0.{n}", items=[Item(cves=["CVE-2024-1000"])]) for n in range(1, 8)])
    )
    rows = await space.follow("/vulnerabilities", limit=2, asOf=today(), search="10.0.0")
    assert len({row["id"] for row in rows}) == 7
    asset = rows[0]["assetId"]
    assert len(await space.walk(f"/assets/{asset}/vulnerabilities", asOf=today())) == 1
    assert await space.walk(f"/assets/{asset}/vulnerabilities", asOf=today(1)) == []
    assert len(await space.walk("/vulnerabilities/cve/CVE-2024-1000", asOf=today())) == 7
    assert await space.walk("/vulnerabilities/plugin/1001", asOf=today(1)) == []


@pytest.mark.parametrize("path", ["/vulnerabilities", "/vulnerabilities/stats", "/dashboard/kpis"])
@pytest.mark.parametrize("when", ["tomorrow", "2999-01-01", "yesterday"])
async def test_a_day_has_begun(space, path, when):
    body = await space.refusal(path, asOf=when)
    assert body["details"][0]["field"] == "asOf"


async def test_who_was_in_a_tag_then_is_not_known(space):
    body = await space.refusal("/dashboard/kpis", asOf=today(), tag="web")
    assert body["details"][0]["field"] == "asOf"


@pytest.mark.parametrize(
    ("damage", "figure"),
    [
        ("UPDATE exposure_rollup SET total = total + 1", "vulnerabilities"),
        ("UPDATE exposure_definition_rollup SET total = total + 1", "vulnerabilities by definition"),
        ("UPDATE exposure_definition_rollup SET risk_sum = 0", "vulnerabilities by definition"),
        ("DELETE FROM exposure_definition_rollup", "vulnerabilities by definition"),
        ("UPDATE exposure_day_rollup SET total = total + 1", "vulnerabilities by day"),
        ("UPDATE exposure_event SET severity = 0", "history"),
        ("UPDATE exposure_flow_rollup SET created = created + 1", "flows by day"),
        ("DELETE FROM exposure_flow_rollup", "flows by day"),
        ("UPDATE exposure_score_rollup SET risk_score = risk_score + 1", "scores by day"),
        ("UPDATE exposure_asset SET second_score = second_score + 1", "tops of assets"),
        ("UPDATE exposure_asset_rollup SET risk_sum = risk_sum + 1", "assets"),
        ("UPDATE exposure_day_asset_rollup SET assets = assets + 1", "assets by day"),
    ],
)
async def test_the_night_finds_numbers_that_disagree(space, run_job, damage, figure):
    await space.take(scan(Item()))
    assert await run_job("exposure.audit_figures", space.tenant) == {"disagreements": []}
    async with space.kernel.database.tenant(space.tenant.schema) as unit:
        await unit.connection.execute(damage)
    found = await run_job("exposure.audit_figures", space.tenant)
    assert figure in found["disagreements"]
    told = await space.sql(
        "SELECT data, name FROM notification_event WHERE name = 'exposure.figures_disagree'"
    )
    assert len(told) >= 1


async def test_what_retention_removes_leaves_the_past_of_figures_and_lists_alike(space):
    await space.take(scan(Item(plugin=1001), Item(plugin=1002)))
    await space.a_day_passes()
    await space.take(scan(Item(plugin=1002), at=2))
    async with space.kernel.database.tenant(space.tenant.schema) as unit:
        await unit.connection.execute(
            "CREATE TEMPORARY TABLE removal ON COMMIT DROP AS "
            "SELECT id FROM exposure_vulnerability WHERE state = 3"
        )
        await CLASSES[0].removing()
        for table, column in CLASSES[0].children:
            await unit.connection.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM removal)")
        await unit.connection.execute(
            "DELETE FROM exposure_vulnerability WHERE id IN (SELECT id FROM removal)"
        )
    for ago in (0, 1):
        known = await space.known(asOf=today(ago))
        assert known["kpis"]["totalVulnerabilities"] == len(known["active"]) == 1
    async with space.kernel.database.tenant(space.tenant.schema, read_only=True):
        assert await queries.disagreements() == []


async def test_events_lie_in_their_month(space):
    await space.take(scan(Item()))
    (row,) = await space.sql("SELECT tableoid::regclass::text AS part FROM exposure_event")
    assert row["part"].endswith(f"exposure_event_{datetime.now(UTC):%Y_%m}")


async def test_two_imports_at_once_write_history_in_the_order_of_their_commits(space):
    handed = [await space.submit(scan(Item(severity=n), at=n)) for n in (1, 2, 3)]
    for job in handed:
        await space.finished(job)

    async def settled():
        return (await space.only())["severity"] == "HIGH"

    await until(settled)
    events = (await space.get(f"/vulnerabilities/{(await space.only())['id']}/history"))["data"]
    assert events[0]["severity"] == "HIGH"
    await space.check()


async def test_a_past_day_knows_what_its_assets_are_worth(space):
    await space.take(nessus(Host(items=[Item()], end=day(1))))
    (asset,) = await space.walk("/assets")
    said = await space.call(
        "PATCH", f"/assets/{asset['id']}", json={"criticality": 5, "exposure": "internet"}
    )
    assert said.status == 200, said
    now = today()
    for filters in ({"criticality": "5"}, {"exposure": "internet"}):
        assert len((await space.get("/vulnerabilities", asOf=now, **filters))["data"]) == 1
    assert (await space.get("/vulnerabilities", asOf=now, exposure="isolated"))["data"] == []
