"""A month of quiet days and a burst: it is found once, explained by what made it, and acknowledged once."""

import asyncio

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, day, nessus
from trend_story import CHECKS, ago

QUIET = 30
BURST = "burst.nessus"
CVE = "CVE-2024-0001"


async def night(space, count=1):
    """Let all that was written down, imports included, have been so many days earlier."""
    await space.days_pass(count)
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute(
            f"UPDATE exposure_import SET merged_at = merged_at - interval '{count} days'"
        )


def usual_scan(number):
    """Two hosts; one has a LOW finding more each day, the other one always the same."""
    growing = [Item(plugin=1001 + past, severity=1) for past in range(number)]
    hosts = [Host(name="10.0.0.1", items=growing, end=day(number))]
    hosts.append(Host(name="10.0.0.2", items=[Item(plugin=2001, severity=3)], end=day(number)))
    return nessus(*hosts, checks=CHECKS)


def burst(number):
    """Five new hosts with a critical flaw on nine ports, and something else on one."""
    flaw = [
        Item(plugin=3001, port=port, severity=4, cves=[CVE], name="Remote code execution")
        for port in range(1, 10)
    ]
    return nessus(
        *(
            Host(name=f"10.0.1.{place}", items=[*flaw, Item(plugin=3002, severity=0)], end=day(number))
            for place in range(1, 6)
        )
    )


async def found(space, **params):
    return await space.walk("/anomaly", **params)


async def detail(space, row):
    return await space.get(f"/anomaly/{row['id']}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def month(make_space, run_job):
    """Thirty quiet days, and yesterday the burst; the new hosts are of the group DMZ and the tag web."""
    space = await make_space()
    for number in range(1, QUIET + 1):
        await space.take(usual_scan(number))
        await night(space)
    await space.take(usual_scan(QUIET + 1))
    await space.take(burst(QUIET + 1), name=BURST)
    group = await space.call("POST", "/asset-groups", json={"name": "DMZ"})
    tag = await space.call("POST", "/tags", json={"name": "web"})
    assets = [row["id"] for row in await space.walk("/assets") if row["name"].startswith("10.0.1.")]
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        for table, column, owner in (("group_member", "group_id", group), ("tag", "tag_id", tag)):
            await unit.connection.execute(
                f"""INSERT INTO exposure_asset_{table} (asset_id, {column})
                    SELECT unnest($1::uuid[]), $2""",
                assets,
                owner.body["data"]["id"],
            )
    space.group = group.body["data"]["id"]
    await night(space)
    space.first = await run_job("exposure.detect_anomalies", space.tenant)
    return space


async def test_the_burst_is_found_and_nothing_else(month):
    rows = await found(month)
    assert month.first == {"found": len(rows)}
    assert {(row["metric"], row["day"], row["direction"], row["value"]) for row in rows} == {
        ("new", ago(1), "above", 51),
        ("active", ago(1), "above", 82),
        ("active_critical", ago(1), "above", 45),
        ("assets_seen", ago(1), "above", 7),
    }
    (new,) = await found(month, metric="new")
    assert new == {
        "id": new["id"],
        "metric": "new",
        "title": "New vulnerabilities",
        "subject": None,
        "day": ago(1),
        "direction": "above",
        "severity": "HIGH",
        "value": 51,
        "expected": 1.0,
        "mad": 0.0,
        "lower": 0.0,
        "upper": 4.5,
        "score": 50.0,
        "seasonal": False,
        "historyDays": 30,
        "status": "open",
        "detectedAt": new["detectedAt"],
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "note": None,
    }


async def test_it_is_explained_by_the_import_and_what_it_brought(month):
    (row,) = await found(month, metric="new")
    body = await detail(month, row)
    assert (body["counted"], body["total"]) == ("vulnerabilities", 51)
    by = body["contributors"]
    assert [(item["name"], item["count"], item["share"]) for item in by["imports"]] == [
        (BURST, 50, 0.9804),
        ("scan.nessus", 1, 0.0196),
    ]
    base = {"startDate": ago(1), "endDate": ago(1), "state": "all"}
    flaw, other = by["definitions"][:2]
    assert (flaw["name"], flaw["count"], flaw["usual"]) == ("Remote code execution", 45, 0.0)
    assert flaw["filter"] == {**base, "pluginId": "3001"}
    assert other["count"] == 5
    assert [(item["id"], item["count"]) for item in by["cves"]] == [(CVE, 45)]
    assert [(item["id"], item["count"]) for item in by["assetGroups"]] == [(month.group, 50)]
    assert by["assetGroups"][0]["filter"] == {**base, "assetGroup": month.group}
    assert [(item["name"], item["count"]) for item in by["tags"]] == [("web", 50)]
    assert [(item["name"], item["count"]) for item in by["severities"]] == [("CRITICAL", 45), ("INFO", 5)]
    assert [item["count"] for item in by["assets"]] == [10] * 5  # 10.0.0.1 has one, as on each day before
    assert [(item["name"], item["usual"]) for item in by["scanners"]] == [("nessus", 1.0)]
    assert body["summary"] == (
        f"New vulnerabilities: 51 on {ago(1)}, usual are 0 to 4.5. Most by import {BURST} (50 of 51), "
        "definition Remote code execution (45 of 51), asset group DMZ (50 of 51)."
    )


@pytest.mark.parametrize("metric", ["active", "active_critical"])
async def test_what_is_active_is_explained_by_what_came_and_listed_by_its_filter(month, metric):
    (row,) = await found(month, metric=metric)
    body = await detail(month, row)
    assert body["total"] == (51 if metric == "active" else 45)
    assert body["contributors"]["imports"][0]["name"] == BURST
    assert body["contributors"]["definitions"][0]["usual"] is None
    listed = body["filter"]
    assert listed["rows"] == row["value"]
    answer = await month.get(listed["path"], limit=1, **listed["query"])
    assert answer["meta"]["total"] == row["value"]
    flaw = body["contributors"]["definitions"][0]
    answer = await month.get(listed["path"], limit=1, **flaw["filter"])
    assert answer["meta"]["total"] == flaw["count"]
    (tag,) = body["contributors"]["tags"]
    answer = await month.get(listed["path"], limit=1, **tag["filter"])
    assert answer["meta"]["total"] == tag["count"]


async def test_a_second_run_finds_nothing_new_and_keeps_who_has_seen_it(month, run_job):
    (row,) = await found(month, metric="assets_seen")
    path = f"/anomaly/{row['id']}/acknowledge"
    answer = await month.call("POST", path, json={"note": "the new DMZ"})
    assert answer.status == 200, answer
    seen = answer.body
    assert (seen["status"], seen["note"]) == ("acknowledged", "the new DMZ")
    before = await found(month)
    assert await run_job("exposure.detect_anomalies", month.tenant) == {"found": 0}
    assert await found(month) == before
    assert seen in before
    assert [one["id"] for one in await found(month, status="acknowledged")] == [row["id"]]
    assert row["id"] not in [one["id"] for one in await found(month, status="open")]
    # The same again changes nothing and writes no audit line; something else is refused.
    again = await month.call("POST", path, json={"note": "the new DMZ"})
    assert (again.status, again.body) == (200, seen)
    other = await month.call("POST", path, json={})
    assert (other.status, other.body["code"]) == (409, "ALREADY_ACKNOWLEDGED")
    assert other.body["acknowledgedBy"] == seen["acknowledgedBy"]
    lines = await month.sql("SELECT * FROM audit_line WHERE target = $1", f"anomaly:{row['id']}")
    assert len(lines) == 1


async def test_of_two_who_acknowledge_at_once_one_is_told(month):
    (row,) = await found(month, metric="active")
    path = f"/anomaly/{row['id']}/acknowledge"
    answers = await asyncio.gather(
        *(month.call("POST", path, json={"note": note}) for note in ("mine", "no, mine"))
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    (won,) = (answer for answer in answers if answer.status == 200)
    (now,) = await found(month, metric="active")
    assert now == won.body


async def test_people_are_told_once(month):
    rows = await month.sql(
        "SELECT title, severity, link, data FROM notification_event WHERE name = $1", "exposure.anomalies"
    )
    assert len(rows) == 1
    assert rows[0]["severity"] == 4
    assert rows[0]["title"].startswith(f"Not as usual: Active critical vulnerabilities, 45 on {ago(1)}; ")
    assert rows[0]["link"] == "/anomaly"


async def test_lists_are_filtered_and_sorted(month):
    every = await found(month)
    assert await found(month, direction="below") == []
    assert await found(month, startDate=ago(1), endDate=ago(1)) == every
    assert await found(month, startDate=ago()) == await found(month, endDate=ago(2)) == []
    worst = await found(month, sort="-severity")
    assert worst[0]["metric"] == "active_critical"
    assert [row["metric"] for row in await found(month, severity="CRITICAL")] == ["active_critical"]
    assert len(await month.follow("/anomaly", limit=1)) == len(every)
    for wrong in (
        {"metric": "x"},
        {"status": "closed"},
        {"direction": "up"},
        {"startDate": "soon"},
        {"x": 1},
    ):
        await month.refusal("/anomaly", **wrong)


async def test_metrics_say_what_is_usual_now(month):
    rows = {row["metric"]: row for row in (await month.get("/anomaly/metrics"))["data"]}
    assert list(rows) == [
        "new",
        "closed",
        "reopened",
        "active",
        "active_critical",
        "active_kev",
        "assets_seen",
        "scanner_silence",
    ]
    new = rows["new"]
    assert (new["median"], new["mad"], new["historyDays"], new["kind"]) == (1.0, 0.0, 31, "flow")
    assert new["today"] == {"value": 0, "expected": 1.0, "lower": 0.0, "upper": 4.5, "direction": None}
    active = rows["active"]
    assert (active["median"], active["today"]["value"], active["today"]["expected"]) == (1.0, 82, 83.0)
    assert (rows["scanner_silence"]["subject"], rows["scanner_silence"]["today"]["value"]) == ("nessus", 1)
    assert rows["closed"]["season"] is None


async def test_a_series_has_its_band_and_is_drawn(month):
    body = await month.get("/anomaly/series", metric="new", days=33)
    points = body["points"]
    assert (body["start"], body["end"], len(points)) == (ago(32), ago(), 33)
    assert points[0] == {
        "day": ago(32),
        "value": None,
        "expected": None,
        "lower": None,
        "upper": None,
        "direction": None,
    }
    assert (points[1]["value"], points[1]["upper"]) == (2, None)
    assert (points[15]["value"], points[15]["upper"]) == (1, 4.5)
    assert [point["day"] for point in points if point["direction"]] == [ago(1)]
    assert (points[31]["value"], points[31]["direction"]) == (51, "above")
    then = await month.get("/anomaly/series", metric="active", days=1, asOf=ago(1))
    (point,) = then["points"]
    assert (point["value"], point["expected"], point["direction"]) == (82, 32.0, "above")
    assert (await month.get("/anomaly/series", days=33)) == body
    await month.refusal("/anomaly/series", metric="new", subject="nessus")
    await month.refusal("/anomaly/series", metric="scanner_silence")
    await month.refusal("/anomaly/series", metric="new", asOf="2999-01-01")
    answer = await month.call("GET", "/anomaly/series?metric=scanner_silence&subject=trivy")
    assert answer.status == 404
    answer = await month.call("GET", "/anomaly/series?metric=new", headers={"Accept": "image/svg+xml"})
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, "image/svg+xml")


async def test_another_tenant_sees_none_of_it(month, outsider):
    (row,) = await found(month, metric="new")
    assert await outsider.walk("/anomaly") == []
    assert (await outsider.call("GET", f"/anomaly/{row['id']}")).status == 404
    assert (await outsider.call("POST", f"/anomaly/{row['id']}/acknowledge", json={})).status == 404


async def test_who_may_only_look_may_not_acknowledge(month, as_role):
    (row,) = await found(month, metric="new")
    viewer = await as_role("viewer", month.tenant)
    assert (await month.call("GET", f"/anomaly/{row['id']}", headers=viewer)).status == 200
    answer = await month.call("POST", f"/anomaly/{row['id']}/acknowledge", json={}, headers=viewer)
    assert answer.status == 403
    for wrong in ({"note": ""}, {"note": "x" * 1001}, {"note": 1}, {"nope": True}):
        answer = await month.call("POST", f"/anomaly/{row['id']}/acknowledge", json=wrong)
        assert answer.status == 400, answer


async def test_nothing_yet(space, run_job):
    assert await run_job("exposure.detect_anomalies", space.tenant) == {"found": 0}
    assert await found(space) == []
    rows = (await space.get("/anomaly/metrics"))["data"]
    assert {row["metric"] for row in rows} >= {"new", "active_kev", "assets_seen"}
    assert all(row["today"] is None and row["median"] is None for row in rows)
    body = await space.get("/anomaly/series", metric="active", days=2)
    assert [point["value"] for point in body["points"]] == [None, None]


async def notified(space):
    rows = await space.sql(
        "SELECT title FROM notification_event WHERE name = 'exposure.anomalies' ORDER BY occurred_at"
    )
    return [row["title"] for row in rows]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outage(make_space, run_job):
    """Thirty hosts that are scanned daily, but not yesterday, when CISA listed what they all have."""
    space = await make_space()
    item = Item(plugin=2001, severity=3, cves=[CVE])
    for number in range(1, 21):
        hosts = [Host(name=f"10.0.0.{place}", items=[item], end=day(number)) for place in range(1, 31)]
        await space.take(nessus(*hosts), name="daily.nessus")
        await night(space)
    await night(space)
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute(
            f"""INSERT INTO exposure_kev (cve, added, ransomware, vendor, product, name, action, cwes)
                VALUES ('{CVE}', current_date - 1, false, '', '', '', '', '{{}}');
                UPDATE exposure_definition SET intel_kev = true, intel_kev_at = now()"""
        )
    await run_job("exposure.detect_anomalies", space.tenant)
    return space


async def test_what_did_not_come_is_found(outage):
    rows = await found(outage)
    assert {
        (row["metric"], row["subject"], row["direction"], row["value"], row["severity"]) for row in rows
    } == {
        ("scanner_silence", "nessus", "above", 1, "HIGH"),
        ("assets_seen", None, "below", 0, "MEDIUM"),
        ("active_kev", None, "above", 30, "CRITICAL"),
    }
    assert {row["day"] for row in rows} == {ago(1)}


async def test_a_silence_names_what_the_scanner_saw_last(outage):
    (row,) = await found(outage, metric="scanner_silence")
    body = await detail(outage, row)
    assert (body["counted"], body["total"], body["filter"]) == ("assets", 30, None)
    (last,) = body["contributors"]["imports"]
    assert (last["name"], last["count"], last["share"], last["usual"]) == ("daily.nessus", 30, 1.0, None)
    assert body["contributors"]["definitions"] == []
    points = (await outage.get("/anomaly/series", metric="scanner_silence", subject="nessus"))["points"]
    assert [point["value"] for point in points[-3:]] == [0, 1, 2]
    assert [point["direction"] for point in points[-3:]] == [None, "above", "above"]


async def test_too_few_assets_are_explained_by_what_lacks(outage):
    (row,) = await found(outage, metric="assets_seen")
    body = await detail(outage, row)
    assert body["total"] == 0
    (lacking,) = body["contributors"]["formats"]
    assert (lacking["name"], lacking["count"], lacking["usual"], lacking["share"]) == (
        "nessus",
        0,
        30.0,
        None,
    )
    assert body["contributors"]["imports"][0]["count"] == 0
    assert body["contributors"]["assets"][0]["usual"] == 1.0
    assert "Most lacking by format nessus (0 instead of 30)" in body["summary"]


async def test_a_cve_that_is_listed_explains_what_is_known_to_be_exploited(outage):
    (row,) = await found(outage, metric="active_kev")
    body = await detail(outage, row)
    assert (body["total"], [item["id"] for item in body["contributors"]["cves"]]) == (30, [CVE])
    assert body["contributors"]["imports"] == []  # nothing came in
    answer = await outage.get("/vulnerabilities", limit=1, **body["filter"]["query"])
    assert answer["meta"]["total"] == body["filter"]["rows"] == row["value"]


async def test_what_goes_on_is_told_once(outage, run_job):
    told = await notified(outage)
    assert len(told) == 1
    known = {row["id"] for row in await found(outage)}
    await night(outage)
    async with outage.kernel.database.owner(outage.tenant.schema) as unit:
        for step in (10_001, -10_000):
            await unit.connection.execute(f"UPDATE exposure_anomaly SET day = day - {step}")
        await unit.connection.execute("UPDATE exposure_kev SET added = added - 1")
    assert await run_job("exposure.detect_anomalies", outage.tenant) == {"found": 1}
    (row,) = [row for row in await found(outage) if row["id"] not in known]
    assert (row["metric"], row["day"]) == ("assets_seen", ago(1))
    assert await notified(outage) == told


async def test_what_its_import_took_back_is_not_there(space, run_job):
    for number in range(1, 17):
        await space.take(usual_scan(number))
        await night(space)
    done = await space.take(burst(17), name=BURST)
    await space.revert(done["importId"])
    await night(space)
    await run_job("exposure.detect_anomalies", space.tenant)
    rows = {row["metric"]: row for row in await found(space)}
    assert set(rows) == {"new"}  # they were created, and are no more
    body = await detail(space, rows["new"])
    assert (body["total"], body["contributors"]["imports"][0]["count"]) == (50, 50)
