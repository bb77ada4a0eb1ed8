"""Snapshots move scores: where they are newer than the report, at once, and for what is imported later."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from exposure_reports import Host, Item, day, nessus, weaver
from intel_desk import REAL, cve, epss, kev, real_file

from threatweaver_exposure.engine.intel_feeds import Raw

ONE, TWO = "CVE-2024-0001", "CVE-2024-0002"
BEFORE, AFTER = datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)  # reports are of May 2024


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


def scan(*items, at=1, name="10.0.0.1"):
    return nessus(Host(name=name, tags={"host-ip": name}, items=items, end=day(at)))


async def test_a_newer_snapshot_wins_and_an_older_one_does_not(desk):
    await desk.space.take(scan(Item(cvss3=9.8, epss=0.35, cves=[ONE])))
    assert (await desk.space.only())["riskScore"] == weaver(cvss=98, epss=35)
    done = await desk.take(desk.pack("epss", [epss(ONE, 0.9)], published=BEFORE))
    assert done["rescored"] == 0
    assert (await desk.space.only())["epssScore"] == 0.35
    done = await desk.take(desk.pack("epss", [epss(ONE, 0.9)], published=AFTER))
    assert done["rescored"] == 1
    row = await desk.space.only()
    assert (row["epssScore"], row["riskScore"]) == (0.9, weaver(cvss=98, epss=90))
    explained = await desk.space.get(f"/risk/explain/{row['id']}")
    assert explained["computed"] == row["riskScore"]
    assert {t["name"]: t["input"] for t in explained["terms"]}["epss"] == 0.9
    events = (await desk.space.get(f"/vulnerabilities/{row['id']}/history"))["data"]
    assert sorted(event["action"] for event in events) == ["created", "rescored"]
    (kept,) = await desk.space.sql("SELECT epss_score FROM exposure_definition")
    assert kept["epss_score"] == 0.35, "what the report said stays"


async def test_a_snapshot_fills_in_what_a_report_does_not_say(desk):
    await desk.space.take(scan(Item(plugin=1, cvss3=9.8, cves=[ONE, TWO]), Item(plugin=2, cvss3=5.0)))
    await desk.take(desk.pack("epss", [epss(ONE, 0.2), epss(TWO, 0.6)], published=BEFORE))
    assert (await desk.space.only(pluginId=1))["riskScore"] == weaver(cvss=98, epss=60), "the highest"
    assert (await desk.space.only(pluginId=2))["epssScore"] is None


async def test_what_is_imported_after_a_snapshot_knows_it(desk):
    await desk.take(desk.pack("epss", [epss(ONE, 0.9)], published=AFTER))
    await desk.take(desk.pack("kev", [kev(ONE)], published=AFTER))
    taken = await desk.space.take(scan(Item(cvss3=9.8, epss=0.1, cves=[ONE])))
    row = await desk.space.only()
    assert (row["kev"], row["epssScore"], row["riskScore"]) == (True, 0.9, weaver(cvss=98, epss=90))
    await desk.space.revert(taken["importId"])
    assert await desk.space.vulnerabilities() == []


async def test_a_later_report_wins_until_the_next_snapshot(desk):
    await desk.space.take(scan(Item(cvss3=9.8, epss=0.1, cves=[ONE])))
    await desk.take(desk.pack("epss", [epss(ONE, 0.9)], published=datetime(2024, 5, 3, tzinfo=UTC)))
    second = await desk.space.take(scan(Item(cvss3=9.8, epss=0.2, cves=[ONE]), at=9))
    assert (await desk.space.only())["riskScore"] == weaver(cvss=98, epss=20)
    await desk.space.revert(second["importId"])
    assert (await desk.space.only())["riskScore"] == weaver(cvss=98, epss=90), "the snapshot is newer again"


async def test_a_replay_and_a_removal_take_scores_back(desk):
    await desk.space.take(scan(Item(cvss3=9.8, cves=[ONE])))
    older = desk.pack("epss", [epss(ONE, 0.1)], published=BEFORE)
    await desk.take(older)
    await desk.take(desk.pack("epss", [epss(ONE, 0.9)], published=AFTER))
    assert (await desk.take(older, replay=True))["rescored"] == 1
    assert (await desk.space.only())["riskScore"] == weaver(cvss=98, epss=10)
    await desk.take(desk.pack("epss", [epss(TWO, 0.9)], published=AFTER))
    row = await desk.space.only()
    assert (row["epssScore"], row["riskScore"]) == (None, weaver(cvss=98))


async def test_a_catalog_says_what_is_exploited_and_what_is_not(desk):
    cisa = "<cisa-known-exploited>2024/01/01</cisa-known-exploited>"
    await desk.space.take(
        scan(Item(plugin=1, cves=[ONE], extra=cisa), Item(plugin=2, cves=[TWO]), Item(plugin=3, extra=cisa))
    )

    async def exploited(**params):
        return {row["pluginId"] for row in await desk.space.vulnerabilities(kev="true", **params)}

    assert await exploited() == {1, 3}
    await desk.take(desk.pack("kev", [kev(TWO)], published=AFTER))
    assert await exploited() == {2, 3}, "3 names no CVE that could be looked up"
    assert {row["pluginId"] for row in await desk.space.vulnerabilities(kev="false")} == {1}
    tops = (await desk.space.get("/dashboard/top-vulnerabilities"))["data"]
    assert {row["pluginId"] for row in tops if row["kev"]} == {2, 3}


async def test_vulnerabilities_are_filtered_by_epss(desk):
    await desk.space.take(
        scan(*(Item(plugin=n, cves=[f"CVE-2024-000{n}"]) for n in (1, 2, 3)), Item(plugin=4))
    )
    await desk.take(desk.pack("epss", [epss(f"CVE-2024-000{n}", n / 10) for n in (1, 2, 3)]))

    async def found(**params):
        return {row["pluginId"] for row in await desk.space.vulnerabilities(**params)}

    assert await found(epssFrom=0.2) == {2, 3}
    assert await found(epssTo=0.2) == {1, 2}
    assert await found(epssFrom=0.15, epssTo=0.25) == {2}
    stats = await desk.space.get("/vulnerabilities/stats", epssFrom=0.2)
    assert stats["total"] == 2
    for wrong in ("1.5", "-1", "nan", "x"):
        await desk.space.refusal("/vulnerabilities", epssFrom=wrong)


async def test_a_vulnerability_has_the_decision_of_its_worst_cve_on_its_asset(desk):
    mild = {"exploitation": "none", "automatable": False, "technicalImpact": "partial"}
    severe = {"exploitation": "active", "automatable": True, "technicalImpact": "partial"}
    await desk.space.take(scan(Item(cves=[ONE, TWO])))
    assert (await desk.space.only())["ssvc"] is None
    await desk.take(desk.pack("cve", [cve(ONE, ssvc=mild), cve(TWO, ssvc=severe)]))
    found = (await desk.space.only())["ssvc"]
    assert (found["decision"], found["cve"]) == ("Attend", TWO)
    assert found["path"][3] == {"point": "missionAndWellBeing", "value": "medium", "source": "assumed"}
    (asset,) = await desk.space.walk("/assets")
    await desk.space.call("PATCH", f"/assets/{asset['id']}", json={"criticality": 5})
    found = (await desk.space.only())["ssvc"]
    assert found["decision"] == "Act"
    assert found["path"][3] == {"point": "missionAndWellBeing", "value": "high", "source": "criticality"}


async def test_real_feeds_move_what_they_know_in_one_go(desk):
    """A thousand checks of real CVEs: all that are in the synthetic EPSS file are ranked by it."""
    real = Raw("cve", [real_file(REAL["cve"][0])])
    records = list(islice((record for record in real.records() if record["cve"] > "CVE-2024"), 1000))
    await desk.take(desk.pack("cve", records))
    items = [Item(plugin=n, cvss3=5.0, cves=[record["cve"]]) for n, record in enumerate(records, 1)]
    await desk.space.take(scan(*items))
    done = await desk.take(desk.real("epss"))
    (moved,) = await desk.space.sql(
        "SELECT count(*) AS n FROM exposure_definition WHERE intel_epss IS NOT NULL"
    )
    assert moved["n"] > 900
    assert 0 < done["rescored"] <= moved["n"]
