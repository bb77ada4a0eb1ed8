"""Imports that meet: each other, a held lock, a cancel request, a lost connection."""

import asyncio

import pytest
from exposure_reports import Host, Item, day, nessus
from exposure_space import COUNTS, until
from nessus_samples import SCANS

from threatweaver.jobs import inline

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('exposure.merge:' || current_schema(), 42))"


def large(hosts=20, plugins=1000, on=1, severity=2):
    return nessus(
        *(
            Host(
                name=f"10.0.{n}.1",
                items=[Item(plugin=p, output="o" * 200, severity=severity) for p in range(1, plugins + 1)],
                end=day(on),
            )
            for n in range(hosts)
        ),
        checks=range(1, plugins + 1),
    )


async def test_same_file_twice_at_once_creates_its_rows_once(space):
    report = large(10, 100)
    jobs = await asyncio.gather(space.submit(report), space.submit(report))
    results = [(await space.finished(job))["result"] for job in jobs]
    assert sorted(result["created"] for result in results) == [0, 1000]
    assert sorted(result["unchanged"] for result in results) == [0, 1000]
    assert len(await space.vulnerabilities(limit=500)) == 1000
    await space.check()


async def test_large_reports_of_several_tenants_at_once(space, make_space):
    """One thread a parser: lxml corrupts memory when two parsers wander between threads, batch by batch."""
    spaces = [space, *await asyncio.gather(make_space(), make_space())]
    report = large(11, 400)
    jobs = await asyncio.gather(*(each.submit(report) for each in spaces))
    for each, job in zip(spaces, jobs, strict=True):
        assert (await each.finished(job, seconds=120))["result"]["created"] == 4_400
        await each.check()


async def test_import_waits_for_whoever_holds_the_lock(space):
    async with space.kernel.database.tenant(space.tenant.schema) as unit:
        await unit.connection.execute(LOCK)
        job = await space.submit(nessus(Host(items=[Item()])))
        await asyncio.sleep(0.6)
        assert (await space.get(f"/jobs/{job}"))["status"] == "running"
        assert await space.vulnerabilities() == []
    assert (await space.finished(job))["result"]["created"] == 1


async def test_people_and_imports_change_the_same_rows_at_once(space):
    await space.take(large(2, 30))
    rows = await space.vulnerabilities()
    accept = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    jobs = [await space.submit(large(2, 30, on=number, severity=number % 5)) for number in range(2, 6)]
    answers = await asyncio.gather(
        *(space.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=accept) for row in rows[:20])
    )
    assert {answer.status for answer in answers} == {200}
    for job in jobs:
        assert (await space.finished(job))["status"] == "completed"
    states = [row["state"] for row in await space.vulnerabilities()]
    assert (states.count("accepted"), len(states)) == (20, 60)
    await space.check()


async def test_tags_and_groups_are_set_while_an_import_writes_the_assets(space):
    await space.take(large(20, 5))
    assets = [row["id"] for row in await space.walk("/assets")]
    group = (await space.call("POST", "/asset-groups", json={"name": "all"})).body["data"]["id"]
    jobs = [await space.submit(large(20, 5, on=number, severity=number % 5)) for number in range(2, 5)]
    calls = [space.call("PUT", f"/assets/{asset}/tags", json={"tags": ["x"]}) for asset in assets[1:]]
    first = await space.call("PUT", f"/assets/{assets[0]}/tags", json={"tags": ["x"]})
    calls += [
        space.call("POST", f"/asset-groups/{group}/members", json={"assetIds": ids})
        for ids in (assets, assets[::-1], assets[5:], assets[:7])
    ]
    answers = [first, *await asyncio.gather(*calls)]
    assert {answer.status for answer in answers} == {200}
    for job in jobs:
        assert (await space.finished(job))["status"] == "completed"
    assert len(await space.walk("/assets", tag="X", assetGroup=group)) == 20
    await space.check()


async def test_cancelled_in_the_middle_leaves_everything_as_before(space, slow_parser):
    await space.take(large(2, 20))
    before, files = await space.snapshot(), set(space.spool.iterdir())
    job = await space.submit(large(4, 1000, on=2))

    async def in_the_middle():
        return 0 < (await space.get(f"/jobs/{job}"))["progress"] < 80

    await until(in_the_middle, seconds=120)
    assert (await space.call("POST", f"/jobs/{job}/cancel")).status == 200
    slow_parser.set()
    done = await space.finished(job)
    assert done["status"] == "cancelled"
    assert "result" not in done
    assert await space.snapshot() == before

    async def clean():
        return set(space.spool.iterdir()) == files

    await until(clean, seconds=5)
    again = await space.call("POST", f"/jobs/{job}/cancel")
    assert (again.status, again.body["status"]) == (200, "cancelled")


@pytest.mark.parametrize("stage", ["staging", "waiting for the merge"])
async def test_lost_connection_is_tried_again_and_ends_the_same(space, make_space, stage, slow_parser):
    report = large(1, 1000)
    undisturbed = await make_space()
    if stage == "staging":
        job = await _lose_while_staging(space, report)
        slow_parser.set()
    else:
        slow_parser.set()
        job = await _lose_while_waiting(space, report)
    await undisturbed.take(report)
    done = await space.finished(job, seconds=90)
    assert done["status"] == "completed", done
    assert done["attempts"] == 2
    assert done["result"]["created"] == 1000
    assert await _rows(space) == await _rows(undisturbed)
    await space.check()


async def _lose_while_staging(space, report):
    job = await space.submit(report)

    async def begun():
        return (await space.get(f"/jobs/{job}"))["progress"] >= 5

    await until(begun)
    assert await _terminate(space, "pid <> pg_backend_pid() AND backend_xid IS NOT NULL") >= 1
    return job


async def _lose_while_waiting(space, report):
    async with space.kernel.database.tenant(space.tenant.schema) as unit:
        await unit.connection.execute(LOCK)
        job = await space.submit(report)

        async def cut_off():
            return await _terminate(space, "wait_event_type = 'Lock' AND wait_event = 'advisory'")

        await until(cut_off, seconds=60)
    return job


async def _terminate(space, condition):
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        return await unit.connection.fetchval(
            f"""SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'threatweaver' AND {condition}"""
        )


async def _rows(space):
    return await space.sql(
        """SELECT a.name, d.plugin_id, v.port, v.protocol, v.severity, v.state, v.risk_score, v.first_seen,
                  v.last_seen, v.evidence_digest, e.output
           FROM exposure_vulnerability v JOIN exposure_asset a ON a.id = v.asset_id
           JOIN exposure_definition d ON d.id = v.definition_id
           JOIN exposure_evidence e ON e.vulnerability_id = v.id ORDER BY 1, 2, 3, 4"""
    )


async def test_command_line_import_gives_the_same(space, make_space):
    path = SCANS / "nessus" / "dd__tenable__nessus__nessus_with_cvssv3.nessus"
    through_http, files = await make_space(), set(space.spool.iterdir())
    expected = await through_http.hand_in(path.read_bytes(), name=path.name)
    result = await inline.import_file(space.kernel, space.tenant, path)
    assert {name: result[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    assert await _rows(space) == await _rows(through_http)
    assert set(space.spool.iterdir()) == files
    (entry,) = await space.walk("/imports")
    assert (entry["filename"], entry["createdBy"], entry["created"]) == (path.name, None, 48)
    again = await inline.import_file(space.kernel, space.tenant, path)
    assert (again["created"], again["updated"], again["closed"], again["unchanged"]) == (0, 0, 0, 48)
    await space.check()
