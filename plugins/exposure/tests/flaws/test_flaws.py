"""One flaw that several checks or tools found: by the recipe that was applied, and by what people said."""

import json

import pytest
import pytest_asyncio
from exposure_once import once
from exposure_reports import Host, Item, day, nessus

CVE = ["CVE-2024-1000"]
GHSA = "GHSA-aaaa-bbbb-cccc"


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def recounted(space):
    yield
    await space.check()


def scan(*items, at=1, name="10.0.0.1"):
    return nessus(Host(name=name, items=items, end=day(at)), checks=(2001, 2002, 2003))


def audit(*found):
    """A report of pip-audit: (id, aliases) each, of one package."""
    vulns = [{"id": one, "fix_versions": ["3"], "aliases": list(aliases)} for one, aliases in found]
    return json.dumps({"dependencies": [{"name": "jinja2", "version": "2.0", "vulns": vulns}]}).encode()


async def ran(space, action, **body):
    answer = await space.call("POST", f"/vulnerabilities/identity-recipes/{action}", json=body)
    assert answer.status == 202, answer
    return await space.finished(answer.body["jobId"])


async def apply(space, recipe=2, **more):
    job = await ran(space, "apply", recipe=recipe, **more)
    assert job["status"] == "completed", job
    return job["result"]


async def groups(space, **params):
    """Sets of checks that are one flaw."""
    rows = {row["id"]: row for row in await space.vulnerabilities(**params)}
    return {frozenset(rows[other]["check"] for other in (i, *row["sameAs"])) for i, row in rows.items()}


@once
async def _two_checks(space):
    one, other = (Item(plugin=number, port=443, cves=CVE) for number in (2001, 2002))
    moved, third = Item(plugin=2002, port=8443, cves=CVE), Item(plugin=2003, port=443)
    await space.take(scan(one, other, moved, third))
    await space.take(scan(one, name="10.0.0.2"))


@pytest_asyncio.fixture(loop_scope="session")
async def two_checks(space):
    """Five findings: two checks of one CVE at one port, one of them elsewhere, too, and a third check."""
    await _two_checks(space)
    return {(row["check"], row["port"], row["assetIp"]): row["id"] for row in await space.vulnerabilities()}


async def test_nothing_is_joined_until_a_recipe_is_applied(space, two_checks):
    told = await space.get("/vulnerabilities/identity-recipes")
    assert (told["active"], told["appliedAt"]) == (1, None)
    assert [row["active"] for row in told["recipes"]] == [True, False]
    assert {"kind": "network", "compares": ["cve", "port", "protocol"]} in told["recipes"][1]["kinds"]
    assert all(row["sameAs"] == [] for row in await space.vulnerabilities())


async def test_a_preview_says_what_applying_does(space, two_checks):
    was = await space.snapshot()
    tried = (await ran(space, "preview", recipe=2))["result"]
    assert await space.snapshot() == was
    assert {name: tried[name] for name in ("groups", "vulnerabilities", "joined", "split")} == {
        "groups": 1,
        "vulnerabilities": 2,
        "joined": 2,
        "split": 0,
    }
    (group,) = tried["first"]
    assert (group["kind"], group["size"]) == ("network", 2)
    ids = [two_checks["2001", 443, "10.0.0.1"], two_checks["2002", 443, "10.0.0.1"]]
    assert sorted(row["id"] for row in group["members"]) == sorted(ids)
    refused = await ran(space, "apply", recipe=2, expectedGroups=2)
    assert (refused["status"], refused["error"]["code"]) == ("failed", "COUNT_DIFFERS")
    done = await apply(space, expectedGroups=1)
    assert {**done, "first": tried["first"]} == tried
    told = await space.get("/vulnerabilities/identity-recipes")
    assert (told["active"], told["appliedBy"]) == (2, (await space.get("/auth/me"))["id"])
    rows = {row["id"]: row["sameAs"] for row in await space.vulnerabilities()}
    assert [rows[one] for one in ids] == [[ids[1]], [ids[0]]]
    assert sum(map(len, rows.values())) == 2
    again = await apply(space)
    assert (again["groups"], again["joined"], again["split"]) == (1, 0, 0)
    back = await apply(space, recipe=1)
    assert (back["groups"], back["joined"], back["split"]) == (0, 0, 2)
    assert all(row["sameAs"] == [] for row in await space.vulnerabilities())


async def test_lists_and_counts_know_one_of_each_flaw(space, two_checks):
    await apply(space)
    assert len(await space.vulnerabilities()) == 5
    once = await space.walk("/vulnerabilities", oncePerFlaw=True)
    assert len(once) == 4
    assert (await space.get("/vulnerabilities/stats", oncePerFlaw=True))["total"] == 4
    assert (await space.get("/vulnerabilities/stats", oncePerFlaw=False))["total"] == 5
    assert len(await space.follow("/vulnerabilities", limit=1, oncePerFlaw=True)) == 4
    # What is active stands for what is not.
    await space.take(scan(Item(plugin=2002, port=443, cves=CVE), at=2))
    flaw = {two_checks["2001", 443, "10.0.0.1"], two_checks["2002", 443, "10.0.0.1"]}
    once = await space.walk("/vulnerabilities", oncePerFlaw=True, state="all")
    (shown,) = [row for row in once if row["id"] in flaw]
    assert (shown["check"], shown["state"]) == ("2002", "open")
    body = await space.refusal("/vulnerabilities", oncePerFlaw=True, asOf="2026-01-01")
    assert body["details"][0]["field"] == "asOf"


@pytest.mark.parametrize(
    ("given", "flaws", "findings"),
    [
        ({}, 4, 5),
        ({"severity": "HIGH"}, 0, 1),  # CRITICAL stands for the flaw, since it was seen first
        ({"severity": "critical,MEDIUM"}, 4, 4),
        ({"startDate": "2024-05-01", "endDate": "2024-05-01"}, 2, 2),
        ({"tag": "web"}, 3, 4),
        ({"tag": "web", "severity": "CRITICAL"}, 1, 1),
    ],
    ids=str,
)
async def test_key_figures_count_each_flaw_once(space, given, flaws, findings):
    await apply(space)
    first, again = Item(plugin=2001, port=443, cves=CVE, severity=4), Item(plugin=2003, port=443)
    other = Item(plugin=2002, port=443, cves=CVE, severity=3)
    await space.take(scan(first, again))
    await space.take(scan(first, again, other, Item(plugin=2003, port=80), at=2))
    await space.take(scan(again, name="10.0.0.2", at=3))
    (asset,) = [row["id"] for row in await space.walk("/assets") if row["name"] == "10.0.0.1"]
    await space.call("PUT", f"/assets/{asset}/tags", json={"tags": ["web"]})
    plain = await space.get("/dashboard/kpis", **given)
    assert plain == await space.get("/dashboard/kpis", oncePerFlaw=False, **given)
    once = await space.get("/dashboard/kpis", oncePerFlaw=True, **given)
    assert (once["totalVulnerabilities"], plain["totalVulnerabilities"]) == (flaws, findings)
    assert (once["totalAssets"], once["riskScore"]) == (plain["totalAssets"], plain["riskScore"])
    assert len(await space.walk(once["look"]["path"], **once["look"]["query"])) == flaws
    rows = (await space.get("/dashboard/severity-breakdown", oncePerFlaw=True, **given))["data"]
    wanted = given.get("severity", "CRITICAL,HIGH,MEDIUM,LOW,INFO").upper().split(",")
    for row in rows:
        assert row["count"] == once[row["severity"].lower()]
        assert ("look" in row) == (row["severity"] in wanted)
        if row["severity"] in wanted:
            listed = await space.get(row["look"]["path"], limit=1, **row["look"]["query"])
            assert row["count"] == listed["meta"]["total"]
    assert not any("look" in item for item in (await space.get("/dashboard/severity-breakdown"))["data"])


@pytest.mark.parametrize("path", ["/dashboard/kpis", "/dashboard/severity-breakdown"])
async def test_what_was_one_flaw_on_a_past_day_is_not_known(space, path):
    body = await space.refusal(path, oncePerFlaw=True, asOf="2026-01-01")
    assert body["details"][0]["field"] == "asOf"
    assert (await space.refusal(path, oncePerFlaw="maybe"))["details"][0]["field"] == "oncePerFlaw"


async def test_the_detail_and_the_explanation_say_with_whom(space, two_checks):
    await apply(space)
    one, other = two_checks["2001", 443, "10.0.0.1"], two_checks["2002", 443, "10.0.0.1"]
    detail = (await space.get(f"/vulnerabilities/{one}"))["data"]
    assert detail["sameAs"] == [other]
    assert [(row["id"], row["check"], row["source"]) for row in detail["sameFlaw"]] == [
        (other, "2002", "nessus")
    ]
    told = await space.get(f"/vulnerabilities/{one}/identity")
    assert {row["id"]: row["joined"] for row in told["candidates"]} == {
        other: True,
        two_checks["2002", 8443, "10.0.0.1"]: False,
    }


async def test_new_imports_join_and_reverts_part(space):
    await apply(space)
    await space.take(scan(Item(plugin=2001, port=443, cves=CVE)))
    taken = await space.take(scan(*(Item(plugin=n, port=443, cves=CVE) for n in (2001, 2002)), at=2))
    assert await groups(space) == {frozenset({"2001", "2002"})}
    await space.revert(taken["importId"])
    assert await groups(space) == {frozenset({"2001"})}


async def test_a_definition_that_changes_tells_anew(space, two_checks):
    await apply(space)
    items = [Item(plugin=2002, port=443, cves=["CVE-2024-2000"], modified="2024/05/05")]
    taken = await space.take(scan(Item(plugin=2001, port=443, cves=CVE), *items, at=2))
    assert frozenset({"2001", "2002"}) not in await groups(space)
    await space.revert(taken["importId"])
    assert frozenset({"2001", "2002"}) in await groups(space)


async def test_aliases_join_even_if_they_are_told_later(space):
    await apply(space)
    await space.take(audit((GHSA, ())), name="project.json")
    assert await groups(space) == {frozenset({GHSA})}
    await space.take(audit((GHSA, ()), ("PYSEC-2024-1", [*CVE, GHSA])), name="project.json")
    assert await groups(space) == {frozenset({GHSA, "PYSEC-2024-1"})}
    (row,) = [row for row in await space.vulnerabilities() if row["check"] == GHSA]
    told = await space.get(f"/vulnerabilities/{row['id']}/identity")
    assert [(item["shares"], item["sameFlaw"], item["joined"]) for item in told["candidates"]] == [
        ("flaw", True, True)
    ]
    assert {"name": "advisory", "value": CVE[0]} in told["flaw"]["fields"]


async def test_what_a_person_parted_stays_apart(space, two_checks):
    await apply(space)
    one = two_checks["2001", 443, "10.0.0.1"]
    for _ in range(2):
        answer = await space.call("POST", f"/vulnerabilities/{one}/separate")
        assert (answer.status, answer.body["data"]["sameAs"]) == (200, [])
    await space.take(scan(*(Item(plugin=n, port=443, cves=CVE, output="new") for n in (2001, 2002)), at=2))
    await apply(space)
    assert frozenset({"2001", "2002"}) not in await groups(space)
    assert (await space.get(f"/vulnerabilities/{one}/identity"))["apart"] is True
    answer = await space.call("POST", f"/vulnerabilities/{one}/rejoin")
    assert (answer.status, len(answer.body["data"]["sameAs"])) == (200, 1)
    again = await space.call("POST", f"/vulnerabilities/{one}/rejoin")
    assert (again.status, again.body["code"]) == (409, "NOT_APART")


async def test_assets_that_are_merged_share_their_flaws(space):
    await apply(space)
    await space.take(scan(Item(plugin=2001, port=443, cves=CVE)))
    await space.take(scan(Item(plugin=2002, port=443, cves=CVE), name="10.0.0.2"))
    known = {row["name"]: row["id"] for row in await space.walk("/assets")}
    was = await space.state()
    done = await space.merge(known["10.0.0.1"], known["10.0.0.2"])
    assert await groups(space) == {frozenset({"2001", "2002"})}
    await space.undo(done["id"])
    await space.is_again(was)


async def test_the_risk_of_a_whole_flaw_is_accepted_at_once(space, two_checks):
    await apply(space)
    one, other = two_checks["2001", 443, "10.0.0.1"], two_checks["2002", 443, "10.0.0.1"]
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}

    async def states():
        rows = {row["id"]: row["state"] for row in await space.vulnerabilities()}
        return rows[one], rows[other], sum(state == "accepted" for state in rows.values())

    await space.call("POST", f"/vulnerabilities/{one}/accept-risk", json=body)
    assert await states() == ("accepted", "open", 1)
    await space.call("POST", f"/vulnerabilities/{one}/accept-risk", json={**body, "wholeFlaw": True})
    assert await states() == ("accepted", "accepted", 2)
    assert len(await space.walk("/vulnerabilities", oncePerFlaw=True, state="accepted")) == 1
    await space.check()
    await space.call("POST", f"/vulnerabilities/{other}/reopen?wholeFlaw=true")
    assert await states() == ("reopened", "reopened", 0)


@pytest.mark.parametrize("body", [{}, {"recipe": 3}, {"recipe": "2"}, {"recipe": 2, "more": 1}])
async def test_what_is_no_recipe(space, body):
    for action in ("preview", "apply"):
        answer = await space.call("POST", f"/vulnerabilities/identity-recipes/{action}", json=body)
        assert answer.status == 400
