"""A score is the published arithmetic, is explained by what it is made of, and follows whatever changes."""

import pytest
from exposure_reports import CRITICAL, HIGH, Host, Item, day, nessus, weaver

FULL = Item(cvss3=9.8, vpr=8.4, epss=0.35, severity=4)


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


def scan(*items, name="10.0.0.1", at=1):
    return nessus(Host(name=name, tags={"host-ip": name}, items=items, end=day(at)))


async def assess(space, **said):
    (asset,) = await space.walk("/assets")
    answer = await space.call("PATCH", f"/assets/{asset['id']}", json=said)
    assert answer.status == 200, answer
    return answer.body["data"]


async def explained(space):
    row = await space.only()
    found = await space.get(f"/risk/explain/{row['id']}")
    assert found["score"] == found["computed"] == row["riskScore"]
    assert sum(term["points"] for term in found["terms"]) == pytest.approx(found["score"], abs=0.55)
    assert sum(term["effectiveWeight"] for term in found["terms"]) == pytest.approx(100, abs=0.05)
    return found


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ({}, weaver(cvss=98, vpr=84, epss=35)),
        ({"criticality": 5}, weaver(cvss=98, vpr=84, epss=35, criticality=100)),
        ({"criticality": 1}, weaver(cvss=98, vpr=84, epss=35, criticality=20)),
        ({"exposure": "internet"}, weaver(cvss=98, vpr=84, epss=35, exposure=100)),
        ({"exposure": "dmz"}, weaver(cvss=98, vpr=84, epss=35, exposure=1000 / 15)),
        ({"exposure": "internal"}, weaver(cvss=98, vpr=84, epss=35, exposure=500 / 15)),
        ({"exposure": "isolated"}, weaver(cvss=98, vpr=84, epss=35, exposure=0)),
        (
            {"criticality": 3, "exposure": "internet"},
            weaver(cvss=98, vpr=84, epss=35, criticality=60, exposure=100),
        ),
    ],
    ids=str,
)
async def test_each_input_has_its_published_weight(space, said, score):
    await space.take(scan(FULL))
    if said:
        asset = await assess(space, **said)
        assert {name: asset[name] for name in said} == said
        assert asset["riskScore"] == score
    assert (await space.only())["riskScore"] == score
    found = await explained(space)
    assert set(found["missing"]) == {"criticality", "exposure"} - set(said)


@pytest.mark.parametrize(
    ("item", "score", "missing"),
    [
        (Item(severity=4), CRITICAL, {"cvss", "vpr", "epss"}),
        (Item(severity=3), HIGH, {"cvss", "vpr", "epss"}),
        (Item(severity=3, cvss3=5.0), weaver(cvss=50), {"vpr", "epss"}),
        (Item(severity=3, vpr=5.0), weaver(vpr=50), {"cvss", "epss"}),
        (Item(severity=3, epss=0.9), weaver(epss=90), {"cvss", "vpr"}),
        (Item(severity=0, cvss3=9.0), 0, {"vpr", "epss"}),
    ],
    ids=["critical", "high", "cvss", "vpr", "epss", "info"],
)
async def test_weights_of_what_is_missing_go_to_the_others(space, item, score, missing):
    await space.take(scan(item))
    assert (await space.only())["riskScore"] == score
    row = await space.only()
    found = await space.get(f"/risk/explain/{row['id']}")
    assert (found["score"], found["computed"], found["informational"]) == (score, score, item.severity == 0)
    assert set(found["missing"]) == {"criticality", "exposure"} | missing
    assert ("severity" in {term["name"] for term in found["terms"]}) == (missing >= {"cvss", "vpr", "epss"})


async def test_what_is_said_of_an_asset_goes_to_its_vulnerabilities_alone_and_into_history(space):
    await space.take(nessus(*(Host(name=f"10.0.0.{n}", items=[FULL], end=day(1)) for n in (1, 2))))
    first, second = await space.walk("/assets", sort="name")
    answer = await space.call("PATCH", f"/assets/{first['id']}", json={"criticality": 5})
    assert answer.body["data"]["riskScore"] == weaver(cvss=98, vpr=84, epss=35, criticality=100)
    assert (await space.get(f"/assets/{second['id']}"))["data"]["riskScore"] == second["riskScore"]
    (row,) = await space.vulnerabilities(assetId=first["id"])
    events = (await space.get(f"/vulnerabilities/{row['id']}/history"))["data"]
    assert sorted(event["action"] for event in events) == ["created", "rescored"]
    assert [item["id"] for item in await space.vulnerabilities(criticality=5)] == [row["id"]]
    assert [item["id"] for item in await space.vulnerabilities(riskFrom=row["riskScore"])] == [row["id"]]
    assert [item["id"] for item in await space.walk("/assets", criticality="4,5")] == [first["id"]]
    await space.call("PATCH", f"/assets/{first['id']}", json={"criticality": None})
    assert (await space.get(f"/assets/{first['id']}"))["data"]["riskScore"] == second["riskScore"]


async def test_a_later_scan_keeps_what_was_said(space):
    await space.take(scan(FULL))
    await assess(space, criticality=5, exposure="internet")
    assert await space.counts(scan(FULL, at=2)) == {"unchanged": 1}
    (asset,) = await space.walk("/assets", exposure="internet")
    assert asset["criticality"] == 5
    assert (await space.only())["riskScore"] == weaver(
        cvss=98, vpr=84, epss=35, criticality=100, exposure=100
    )


async def older(space, plugin, days):
    """Let a vulnerability have been seen first so many days earlier, as the figures know it."""
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute(
            f"""UPDATE exposure_vulnerability v SET first_seen = first_seen - interval '{days} days',
                       last_seen = last_seen - interval '{days} days'
                FROM exposure_definition d WHERE d.id = v.definition_id AND d.plugin_id = {plugin};
                TRUNCATE exposure_rollup, exposure_day_rollup;
                INSERT INTO exposure_rollup (first_seen_on, severity, state, total)
                SELECT (first_seen AT TIME ZONE 'UTC')::date, severity, state, count(*)
                FROM exposure_vulnerability GROUP BY 1, 2, 3;
                INSERT INTO exposure_day_rollup (day, first_seen_on, severity, state, total)
                SELECT (now() AT TIME ZONE 'UTC')::date, first_seen_on, severity, state, total
                FROM exposure_rollup"""
        )


async def last_ran(space, days):
    """Let what ages scores have run last so many days ago."""
    async with space.kernel.database.tenant(space.tenant.schema) as unit:
        await unit.connection.execute(
            "UPDATE exposure_risk_aged SET day = (now() AT TIME ZONE 'UTC')::date - $1::int", days
        )


async def test_only_what_comes_to_another_step_grows_older(space, run_job):
    items = [Item(plugin=number, cvss3=8.0) for number in (1, 2, 3, 4)]
    await space.take(nessus(Host(items=items, end=None)))  # without dates: now
    assert await run_job("exposure.age_risk", space.tenant) == {"changed": 0}
    for plugin, days in ((1, 7), (2, 8), (3, 31), (4, 40)):
        await older(space, plugin, days)
    await last_ran(space, 1)
    assert await run_job("exposure.age_risk", space.tenant) == {"changed": 2}
    assert await run_job("exposure.age_risk", space.tenant) == {"changed": 0}
    young, month, quarter = weaver(cvss=80, age=50), weaver(cvss=80, age=60), weaver(cvss=80, age=75)
    ranks = {row["pluginId"]: row["riskScore"] for row in await space.vulnerabilities()}
    assert ranks == {1: young, 2: month, 3: quarter, 4: young}, "the fourth had its step nine days ago"
    await last_ran(space, 10)
    assert await run_job("exposure.age_risk", space.tenant) == {"changed": 1}, "days without a run"
    assert (await space.only(pluginId=4))["riskScore"] == quarter


async def test_the_first_run_looks_at_everything(space, run_job):
    await space.take(nessus(Host(items=[Item(cvss3=8.0)], end=None)))
    await older(space, 1001, 400)
    assert await run_job("exposure.age_risk", space.tenant) == {"changed": 1}
    assert (await space.only())["riskScore"] == weaver(cvss=80)


async def test_a_revert_leaves_an_asset_that_somebody_assessed(space):
    taken = await space.take(scan(FULL))
    await assess(space, exposure="dmz")
    done = await space.revert(taken["importId"])
    assert (done["withdrawn"], done["assetsWithdrawn"], done["keptForDecisions"]) == (1, 0, 0)
    assert [row["exposure"] for row in await space.walk("/assets")] == ["dmz"]
