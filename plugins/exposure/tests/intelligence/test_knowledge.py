"""What real feeds say of CVEs comes out again: KEV, EPSS, CVSS of each source, CWE, SSVC and aliases."""

import csv
import gzip
import json

import pytest
from intel_desk import REAL, cve, epss, kev, real_file

from threatweaver_exposure.engine import ssvc
from threatweaver_exposure.engine.intel_feeds import Raw


def real(name):
    with gzip.open(real_file(name), "rt", encoding="utf-8") as file:
        yield from file


def catalog():
    return json.loads(real_file(REAL["kev"][0]).read_text(encoding="utf-8"))["vulnerabilities"]


async def test_the_catalog_of_kev_is_listed_and_filtered(desk):
    await desk.take(desk.real("kev"))
    entries = catalog()
    listed = await desk.space.walk("/threat-intel/kev", limit=500)
    assert {row["cve"] for row in listed} == {item["cveID"] for item in entries}
    dates = [row["dateAdded"] for row in listed]
    assert dates == sorted(dates, reverse=True)
    followed = await desk.space.follow("/threat-intel/kev", limit=500)
    assert [row["cve"] for row in followed] == [row["cve"] for row in listed]
    known = {i["cveID"] for i in entries if i["knownRansomwareCampaignUse"] == "Known"}
    assert {r["cve"] for r in await desk.space.walk("/threat-intel/kev", ransomware="true")} == known
    assert len(known) == 293
    of_2024 = {i["cveID"] for i in entries if i["dateAdded"].startswith("2024")}
    params = {"startDate": "2024-01-01", "endDate": "2024-12-31"}
    assert {r["cve"] for r in await desk.space.walk("/threat-intel/kev", **params)} == of_2024
    found = await desk.space.walk("/threat-intel/kev", search="CVE-2021-44228")
    (item,) = (each for each in entries if each["cveID"] == "CVE-2021-44228")
    assert found == [
        {
            "cve": item["cveID"],
            "dateAdded": item["dateAdded"],
            "dueDate": item["dueDate"],
            "ransomware": True,
            "vendor": item["vendorProject"],
            "product": item["product"],
            "name": item["vulnerabilityName"],
            "requiredAction": item["requiredAction"],
            "cwes": item["cwes"],
        }
    ]


def records_of(feed, cves):
    """The records of a real feed that are of these CVEs, read as far as the last of them."""
    left = set(cves)
    for record in Raw(feed, [real_file(name) for name in REAL[feed]]).records():
        if record["cve"] in left:
            left.remove(record["cve"])
            yield record
        if not left:
            return


async def test_scores_of_epss_are_those_of_the_file(desk):
    lines = real(REAL["epss"][0])
    next(lines)
    rows = list(csv.DictReader(lines))[::9000]
    await desk.take(desk.pack("epss", records_of("epss", [row["cve"] for row in rows])))
    for row in rows:
        found = (await desk.space.get(f"/threat-intel/cve/{row['cve'].lower()}"))["data"]
        assert found["cve"] == row["cve"]
        expected = {"score": float(row["epss"]), "percentile": float(row["percentile"]), "date": "2026-01-01"}
        assert found["epss"] == expected


def stated_vectors():
    """Of each version of CVSS fifteen vectors with their scores: the CVE as it comes, and what it states."""
    wanted = {"2.0": 15, "3.0": 15, "3.1": 15, "4.0": 15}
    for line in real(REAL["cve"][0]):
        item = json.loads(line)
        for stated in item["cvss"]:
            if wanted.get(stated["v"], 0) and stated.get("vector") and stated.get("score") is not None:
                wanted[stated["v"]] -= 1
                yield item, stated
        if not any(wanted.values()):
            return
    pytest.fail(f"not enough vectors: {wanted}")


async def test_a_cve_has_the_vectors_of_each_source_scored_as_the_source_does(desk):
    """Stated scores of the CNAs and CISA are compared with ours, for a sample of each version of CVSS."""
    sample = list(stated_vectors())
    await desk.take(desk.pack("cve", records_of("cve", [item["cve"] for item, _ in sample])))
    for item, stated in sample:
        found = (await desk.space.get(f"/threat-intel/cve/{item['cve']}"))["data"]
        (ours,) = (
            each
            for each in found["cvss"]
            if (each["source"], each["vector"]) == (stated["src"], stated["vector"])
        )
        assert (ours["version"], ours["score"]) == (stated["v"], stated["score"]), item["cve"]
        assert stated.get("sev") in {None, ours["severity"]}, item["cve"]
        assert set(found["cwes"]) == set(item["cwe"])
        assert (found["published"], found["state"]) == (item["published"], item["state"])


async def test_ssvc_has_its_path_and_a_decision_for_each_mission(desk):
    points = {"exploitation": "poc", "automatable": True, "technicalImpact": "total"}
    await desk.take(desk.pack("cve", [cve("CVE-2024-0001", ssvc=points), cve("CVE-2024-0002")]))
    path = "/threat-intel/cve/CVE-2024-000{}"
    assert (await desk.space.get(path.format(2)))["data"]["ssvc"] is None
    found = (await desk.space.get(path.format(1)))["data"]["ssvc"]
    assert found == {
        "path": [
            {"point": "exploitation", "value": "poc", "source": "cve"},
            {"point": "automatable", "value": "yes", "source": "cve"},
            {"point": "technicalImpact", "value": "total", "source": "cve"},
        ],
        "decisions": [
            {"missionAndWellBeing": "low", "decision": "Track"},
            {"missionAndWellBeing": "medium", "decision": "Track*"},
            {"missionAndWellBeing": "high", "decision": "Attend"},
        ],
    }
    await desk.take(desk.pack("kev", [kev("CVE-2024-0001")]))
    found = (await desk.space.get(path.format(1)))["data"]["ssvc"]
    assert found["path"][0] == {"point": "exploitation", "value": "active", "source": "kev"}
    assert [item["decision"] for item in found["decisions"]] == ["Attend", "Act", "Act"]


async def test_aliases_of_real_advisories_say_who_says_so(desk):
    await desk.take(desk.real("osv"))
    found = (await desk.space.get("/threat-intel/aliases/go-2020-0001"))["data"]
    assert found["members"] == ["go-2020-0001"], "ids of OSV databases are as they are spelled"
    found = (await desk.space.get("/threat-intel/aliases/ghsa-6VM3-jj99-7229"))["data"]
    assert found == {
        "id": "GHSA-6vm3-jj99-7229",
        "name": "CVE-2020-36567",
        "members": ["CVE-2020-36567", "GHSA-6vm3-jj99-7229", "GO-2020-0001"],
        "edges": [
            {"id": "GO-2020-0001", "alias": "CVE-2020-36567", "saidBy": "GO-2020-0001"},
            {"id": "GO-2020-0001", "alias": "GHSA-6vm3-jj99-7229", "saidBy": "GO-2020-0001"},
        ],
        "truncated": False,
    }
    of_cve = (await desk.space.get("/threat-intel/cve/CVE-2020-36567"))["data"]["aliases"]
    assert of_cve == found["edges"]


async def test_a_feed_that_makes_everything_one_class_is_cut(desk):
    chain = [{"id": f"GO-{n}", "aliases": [f"GO-{n + 1}"]} for n in range(2000)]
    await desk.take(desk.pack("osv", chain))
    found = (await desk.space.get("/threat-intel/aliases/GO-1000"))["data"]
    assert found["truncated"] is True
    assert len(found["members"]) == 500


async def test_what_no_feed_knows_is_empty_and_what_is_no_id_is_refused(desk):
    found = (await desk.space.get("/threat-intel/cve/CVE-2024-99999"))["data"]
    assert {name: value for name, value in found.items() if value not in (None, [])} == {
        "cve": "CVE-2024-99999"
    }
    for path in (
        "cve/GHSA-1",
        "cve/CVE-2024-1",
        "aliases/a%20b",
        "aliases/CVE-1-1",
        "aliases/7",
        "aliases/GHSA",
        "aliases/" + "a" * 101,
    ):
        await desk.space.refusal(f"/threat-intel/{path}")
    await desk.space.refusal("/threat-intel/kev", startDate="soon")
    await desk.space.refusal("/threat-intel/kev", vendor="x")
    await desk.space.refusal("/threat-intel/snapshots", feed="news")


def test_every_real_cve_with_points_has_a_decision():
    from threatweaver_exposure.engine.intel_feeds import Raw

    records = Raw("cve", [real_file(REAL["cve"][0])]).records()
    points = [item["ssvc"] for item in records if item["ssvc"]]
    assert len(points) == 44_026
    decided = {
        ssvc.decide(ssvc.Points(p["exploitation"], p["automatable"], p["technicalImpact"]), mission)
        for p in points
        for mission in ssvc.MISSION
    }
    assert decided == set(ssvc.DECISIONS)


# What CISA's guide says of whole branches of the tree, written down on their own.
@pytest.mark.parametrize(
    ("exploitation", "automatable", "impact", "decisions"),
    [
        ("none", False, "partial", ["Track", "Track", "Track"]),
        ("none", True, "total", ["Track", "Track", "Attend"]),
        ("poc", False, "total", ["Track", "Track*", "Attend"]),
        ("active", False, "total", ["Track", "Attend", "Act"]),
        ("active", True, "partial", ["Attend", "Attend", "Act"]),
        ("active", True, "total", ["Attend", "Act", "Act"]),
    ],
)
def test_the_tree(exploitation, automatable, impact, decisions):
    points = ssvc.Points(exploitation, automatable, impact)
    assert [ssvc.decide(points, mission) for mission in ssvc.MISSION] == decisions


def test_no_decision_becomes_less_urgent_when_a_point_becomes_worse():
    def rank(e, a, t, m):
        found = ssvc.decide(
            ssvc.Points(ssvc.EXPLOITATION[e], bool(a), ssvc.TECHNICAL_IMPACT[t]), ssvc.MISSION[m]
        )
        return ssvc.DECISIONS.index(found)

    sizes = (3, 2, 2, 3)
    every = [(e, a, t, m) for e in range(3) for a in range(2) for t in range(2) for m in range(3)]
    for one in every:
        for place, size in enumerate(sizes):
            if one[place] + 1 < size:
                worse = (*one[:place], one[place] + 1, *one[place + 1 :])
                assert rank(*worse) >= rank(*one), (one, worse)


@pytest.mark.parametrize(
    ("criticality", "mission"),
    [(None, "medium"), (1, "low"), (2, "low"), (3, "medium"), (4, "high"), (5, "high")],
)
def test_mission_of_a_criticality(criticality, mission):
    assert ssvc.mission(criticality) == mission


async def test_epss_helper_is_what_is_stored(desk):
    await desk.take(desk.pack("epss", [{**epss("CVE-2024-0001", 0.5), "percentile": None}]))
    found = (await desk.space.get("/threat-intel/cve/CVE-2024-0001"))["data"]["epss"]
    assert found == {"score": 0.5, "percentile": None, "date": "2026-01-01"}
