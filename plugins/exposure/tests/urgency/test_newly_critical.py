"""/dashboard/newly-critical, and the filters of the list that it goes by."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from exposure_once import once
from exposure_reports import Host, Item, day, nessus

from threatweaver.sdk import connection
from threatweaver_exposure.vulnerabilities import queries

PATH = "/dashboard/newly-critical"
KNOWN_EXPLOITED = "<xref>CISA-KNOWN-EXPLOITED:2024/01/01</xref>"


def since(days):
    """The first of the last so many days."""
    return (datetime.now(UTC).date() - timedelta(days=days - 1)).isoformat()


def item(plugin, severity, cvss, *, kev=False):
    return Item(
        plugin=plugin,
        severity=severity,
        cvss3=cvss,
        cves=[f"CVE-2024-{plugin}"],
        extra=KNOWN_EXPLOITED if kev else "",
    )


def scan(*items, at):
    return nessus(Host(name="10.0.0.1", items=items, end=day(at)), checks=range(1001, 1020))


@once
async def _three_days(space):
    """What was critical, became it by severity or score, came new, went and came back, and what did not."""
    old, gone = item(1001, 4, 9.9), item(1002, 4, 9.9)
    await space.take(
        scan(old, gone, item(1003, 3, 7.5), item(1004, 3, 5.0), item(1005, 2, 5.0, kev=True), at=1)
    )
    await space.days_pass(1)
    await space.take(scan(old, item(1003, 3, 7.5), item(1004, 3, 5.0), item(1005, 2, 5.0, kev=True), at=2))
    await space.days_pass(1)
    await space.take(
        scan(
            old,
            gone,
            item(1003, 4, 7.5),
            item(1004, 3, 10.0),
            item(1005, 2, 5.0, kev=True),
            item(1006, 4, 9.0, kev=True),
            item(1007, 3, 7.0),
            at=3,
        )
    )


@pytest_asyncio.fixture(loop_scope="session")
async def three_days(space):
    await _three_days(space)
    return space


async def plugins(space, **given):
    return sorted(row["pluginId"] for row in await space.walk("/vulnerabilities", **given))


async def rows_of(space, **given):
    body = await space.get(PATH, **given)
    rows = {row["reason"]: row for row in body["data"]}
    assert set(rows) == {"critical", "kev"}
    for row in rows.values():
        stats = await space.get("/vulnerabilities/stats", **row["look"]["query"])
        assert (row["active"], row["bySeverity"], row["assets"]) == (
            stats["total"],
            stats["bySeverity"],
            stats["assets"],
        )
        assert row["new"] + row["knownBefore"] == row["active"]
    return body, rows


async def test_new_scored_anew_and_come_back(three_days):
    body, rows = await rows_of(three_days, days=1)
    assert body["since"] == since(1)
    assert await plugins(three_days, **rows["critical"]["look"]["query"]) == [1002, 1003, 1004, 1006]
    assert (rows["critical"]["new"], rows["critical"]["knownBefore"]) == (1, 3)
    assert await plugins(three_days, **rows["kev"]["look"]["query"]) == [1006]
    assert (rows["kev"]["new"], rows["kev"]["knownBefore"]) == (1, 0)


async def test_over_more_days_nothing_was_there_before(three_days):
    _, rows = await rows_of(three_days, days=3)
    assert await plugins(three_days, **rows["critical"]["look"]["query"]) == [1001, 1002, 1003, 1004, 1006]
    assert rows["critical"]["knownBefore"] == 0
    assert await plugins(three_days, **rows["kev"]["look"]["query"]) == [1005, 1006]


@pytest.mark.parametrize(
    "given",
    [{"severity": "HIGH"}, {"startDate": "2024-05-03"}, {"endDate": "2024-05-01"}, {"tag": "none"}],
    ids=str,
)
async def test_the_filters_narrow_it(three_days, given):
    every = (await rows_of(three_days, days=1))[1]
    _, rows = await rows_of(three_days, days=1, **given)
    for reason, row in rows.items():
        wanted = set(await plugins(three_days, **given))
        assert set(await plugins(three_days, **row["look"]["query"])) == wanted & set(
            await plugins(three_days, **every[reason]["look"]["query"])
        )


async def listed(space, plugin, ago):
    """Let CISA have listed the CVE of a plugin so many days ago, and the definition know it."""
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute(
            """INSERT INTO exposure_kev (cve, added, ransomware, vendor, product, name, action, cwes)
               VALUES ($1, (now() AT TIME ZONE 'UTC')::date - $2::int, false, '', '', '', '', '{}')""",
            f"CVE-2024-{plugin}",
            ago,
        )
        await unit.connection.execute(
            """UPDATE exposure_definition SET intel_kev = true, intel_kev_at = now() + interval '1 day'
               WHERE plugin_id = $1""",
            plugin,
        )


async def test_what_cisa_listed_is_new_by_the_day_it_did(three_days):
    await listed(three_days, 1001, 0)
    await listed(three_days, 1003, 1)
    await listed(three_days, 1005, 400)
    _, rows = await rows_of(three_days, days=1)
    assert await plugins(three_days, **rows["kev"]["look"]["query"]) == [1001, 1006]
    assert (rows["kev"]["new"], rows["kev"]["knownBefore"]) == (1, 1)
    assert await plugins(three_days, kevSince=since(2)) == [1001, 1003, 1006]


async def test_the_band_is_that_of_the_formula_that_holds(three_days):
    formula = await three_days.get("/risk/formula")
    body = {name: formula[name] for name in ("weights", "ageSteps", "exposurePoints")}
    bands = {"critical": 60, "high": 50, "medium": 20}
    answer = await three_days.call("PUT", "/risk/formula", json={**body, "bands": bands, "reason": "lower"})
    await three_days.finished(answer.body["jobId"])
    _, rows = await rows_of(three_days, days=1)
    found = await plugins(three_days, **rows["critical"]["look"]["query"])
    scores = {row["pluginId"]: row["riskScore"] for row in await three_days.walk("/vulnerabilities")}
    assert scores[1007] >= 60
    assert 1007 in found  # new, and critical by its score
    assert 1003 not in found  # its score was critical before, by these bands


async def test_a_past_day_has_the_list_too(three_days):
    assert await plugins(three_days, criticalSince=since(3), asOf=since(3)) == [1001, 1002]
    assert await plugins(three_days, criticalSince=since(1), asOf=since(2)) == []


@pytest.mark.parametrize("text", ["days=0", "days=366", "severity=BAD", "tag=", "asOf=2024-01-01", "page=1"])
async def test_what_is_not_documented_is_refused(story, text):
    name, value = text.split("=")
    assert (await story.refusal(PATH, **{name: value}))["details"][0]["field"] == name


@pytest.mark.parametrize("name", ["criticalSince", "kevSince"])
@pytest.mark.parametrize("value", ["x", "2999-01-01"])
async def test_a_day_that_is_none_or_to_come(story, name, value):
    assert (await story.refusal("/vulnerabilities", **{name: value}))["details"][0]["field"] == name


async def test_nothing_yet(space):
    _, rows = await rows_of(space)
    assert [row["active"] for row in rows.values()] == [0, 0]


@pytest.mark.parametrize("name", ["criticalSince", "kevSince"])
@pytest.mark.parametrize("days", [1, 2, 3])
async def test_the_list_is_the_same_in_both_shapes(three_days, in_tenant, name, days):
    """Where much happened since then it is read in another way."""
    asked = queries.LISTING.query().load({name: since(days)})
    found = []
    async with in_tenant(three_days.tenant):
        quick, usual = await queries.quickest(asked), queries.listing(asked)
        assert quick is not usual
        for listing in (quick, usual):
            where, values = listing.conditions(asked)
            sql = f"SELECT v.id FROM {listing.source} WHERE {where} ORDER BY 1"
            found.append(await connection().fetch(sql, *values))
    assert found[0] == found[1] != []
