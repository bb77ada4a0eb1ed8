"""Syncs with recorded exports: whole, interrupted, refused and resumed."""

import pytest
from aiohttp import web
from tenable_recording import Recording, recorded

from threatweaver.jobs.run import JobCancelled, JobPostponed
from threatweaver_exposure.sync import service
from threatweaver_exposure.sync.errors import KeysRefused, TenableRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_everything_recorded_is_merged_and_counted(syncs, space):
    async with Recording() as tenable:
        result = await syncs.whole(tenable)
    places = {
        (r["asset"]["uuid"], r["plugin"]["id"], r["port"]["port"], r["port"]["protocol"])
        for r in recorded("vulns")
    }
    assert (result["records"], result["refused"]) == (444, 0)
    assert result["created"] == len(places) == len(await space.vulnerabilities())
    await space.check()
    status = await space.get("/sync/status")
    assert status["lastSyncAt"]
    assert not status["running"]
    stream = await space.call("GET", "/sync/progress/stream")
    assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream")
    progress = await space.get("/sync/progress")
    assert (progress["percent"], progress["chunksMerged"], progress["chunksTotal"]) == (100.0, 6, 6)


async def test_interrupted_at_every_chunk_it_goes_on_and_ends_identical(syncs, space):
    async with Recording() as tenable:
        await syncs.whole(tenable)
    expected = await syncs.found()
    await space.empty()
    async with Recording() as tenable:
        await syncs.configure(tenable)
        run_id, interruptions = await syncs.begin(), 0
        while True:
            job = syncs.job()
            tenable.after_chunk = job.stopping.set  # the worker is asked to stop while a chunk is on its way
            try:
                await syncs.run(run_id, job)
            except JobPostponed:
                interruptions += 1
            else:
                break
        assert interruptions == 5
        assert set(tenable.fetched.values()) == {1}
        assert len(tenable.fetched) == 6
        assert [kind for kind, _ in tenable.asked] == ["assets", "vulns"]
    assert await syncs.found() == expected
    await space.check()


async def test_a_second_sync_asks_for_what_is_new_and_changes_nothing(syncs):
    async with Recording() as tenable:
        await syncs.whole(tenable)
        before = await syncs.found()
        result = await syncs.whole(tenable)
        assert [result[name] for name in ("created", "updated", "reopened", "closed")] == [0, 0, 0, 0]
        assert await syncs.found() == before
        (_, first), (_, second) = (item for item in tenable.asked if item[0] == "vulns")
        assert second["filters"]["since"] > first["filters"]["since"] == 1_262_304_000
        await syncs.whole(tenable, full=True)
        assert tenable.asked[-1][1] == first


async def test_what_tenable_says_is_fixed_closes_and_reopens(syncs, space):
    (record,) = recorded("vulns")[:1]
    fixed = {**record, "state": "FIXED", "last_fixed": "2018-04-01T00:00:00Z"}
    back = {**record, "state": "REOPENED", "last_found": "2018-05-01T00:00:00Z"}
    for given, state, count in (
        (record, "open", "created"),
        (fixed, "fixed", "closed"),
        (back, "reopened", "reopened"),
    ):
        async with Recording(vulns=[given], assets=[]) as tenable:
            assert (await syncs.whole(tenable))[count] == 1
        assert (await space.only())["state"] == state
        await space.check()


async def test_a_fix_older_than_the_last_sighting_closes_nothing(syncs, space):
    (record,) = recorded("vulns")[:1]
    fixed = {**record, "state": "FIXED", "last_fixed": "2018-01-01T00:00:00Z"}
    for given in (record, fixed):
        async with Recording(vulns=[given], assets=[]) as tenable:
            await syncs.whole(tenable)
    assert (await space.only())["state"] == "open"


async def test_faults_on_the_way_are_survived(syncs):
    async with Recording(chunks=2) as tenable:
        tenable.faults = [
            ("/vulns/export", web.Response(status=429, headers={"Retry-After": "1"})),
            ("/chunks/1", web.Response(status=429, headers={"Retry-After": "1"})),
            ("/chunks/2", b'[{"plugin": {"id": 1'),
        ]
        tenable.busy = True
        result = await syncs.whole(tenable)
        assert (result["records"], tenable.faults) == (444, [])


async def test_an_export_that_tenable_lost_is_asked_for_again(syncs):
    async with Recording() as tenable:
        await syncs.configure(tenable)
        run_id, job = await syncs.begin(), syncs.job()
        tenable.after_chunk = job.stopping.set
        with pytest.raises(JobPostponed):
            await syncs.run(run_id, job)
        tenable.after_chunk = lambda: None
        tenable.exports.clear()
        result = await syncs.run(run_id)
        assert result["records"] == 444 + 50
        assert [kind for kind, _ in tenable.asked] == ["assets", "assets", "vulns"]


async def test_bad_records_are_kept_and_the_others_merged(syncs, space):
    good = recorded("vulns")[:2]
    bad = [{**good[0], "severity_id": 9}, 7, {**good[1], "port": {"port": "x"}}]
    async with Recording(chunks=1, vulns=[good[0], *bad, good[1]], assets=[]) as tenable:
        result = await syncs.whole(tenable)
    assert (result["created"], result["refused"]) == (2, 3)
    errors = (await space.get(f"/sync/history/{result['syncId']}/errors"))["data"]
    assert sorted(row["position"] for row in errors) == [1, 2, 3]
    kept = await space.get(f"/admin/quarantine/{errors[0]['quarantineId']}")
    assert kept["source"] == "exposure.import_tenable_records"


async def test_wrong_keys_fail_the_run_which_can_be_resumed(syncs, space):
    async with Recording() as tenable:
        await syncs.configure(tenable, secretKey="wrong")
        run_id = await syncs.begin()
        with pytest.raises(KeysRefused):
            await syncs.run(run_id)
        (row,) = (await space.get("/sync/history"))["data"]
        assert (row["state"], row["error"]) == ("failed", "TENABLE_KEYS_REFUSED")
        await syncs.configure(tenable)
        await syncs.again(run_id)
        assert (await syncs.run(run_id))["records"] == 444


async def test_a_cancelled_run_keeps_what_is_merged(syncs, space):
    async with Recording() as tenable:
        await syncs.configure(tenable)
        run_id, job = await syncs.begin(), syncs.job()
        tenable.after_chunk = job.stopping.set
        with pytest.raises(JobPostponed):
            await syncs.run(run_id, job)
        assert (await space.call("POST", "/sync/cancel")).body["running"]
        with pytest.raises(JobCancelled):
            await syncs.run(run_id)
    (row,) = (await space.get("/sync/history"))["data"]
    assert (row["state"], row["assetsMerged"], row["findingsMerged"]) == ("cancelled", 1, 0)
    (chunk,) = (await space.get(f"/sync/history/{run_id}/chunks"))["data"]
    reverted = await space.revert(chunk["importId"])
    assert reverted["assetsWithdrawn"] == 50


async def test_keys_are_sealed_and_do_not_follow_to_another_address(syncs, space):
    async with Recording() as tenable:
        await syncs.configure(tenable)
    (row,) = await space.sql("SELECT sealed_keys FROM exposure_sync_config")
    assert "secretKey" not in row["sealed_keys"]
    shown = await space.get("/sync/config")
    assert shown["hasKeys"]
    assert "s" not in shown.values()
    elsewhere = await space.call("PUT", "/sync/config", json={"url": "https://elsewhere.example"})
    assert (elsewhere.status, elsewhere.body["code"]) == (400, "VALIDATION_ERROR")
    one = await space.call("PUT", "/sync/config", json={"url": tenable.url, "accessKey": "a"})
    assert one.status == 400


async def test_a_schedule_says_when_the_next_run_is_due(syncs, space):
    async with Recording() as tenable:
        await syncs.configure(tenable)
        answer = await space.call("PUT", "/sync/schedule", json={"intervalMinutes": 60})
        assert answer.body["nextAt"] is not None
        async with syncs.kernel.database.tenant(space.tenant.schema):
            assert await service.due()
        await syncs.run(await syncs.begin())
        async with syncs.kernel.database.tenant(space.tenant.schema):
            assert not await service.due()


async def test_only_one_run_at_a_time_and_the_latest_alone_goes_on(syncs, space):
    async with Recording() as tenable:
        await syncs.configure(tenable)
        run_id = await syncs.begin()
        busy = await space.call("POST", "/sync/start", json={})
        assert (busy.status, busy.body["code"]) == (409, "SYNC_RUNNING")
        await syncs.run(run_id)
        done = await space.call("POST", f"/sync/history/{run_id}/resume")
        assert (done.status, done.body["code"]) == (409, "SYNC_NOT_RESUMABLE")


async def test_a_chunk_that_stays_damaged_fails_the_run(syncs):
    async with Recording() as tenable:
        tenable.faults = [("/chunks/1", b'[{"id":')] * 3
        with pytest.raises(TenableRefused, match="Chunk 1 of assets"):
            await syncs.whole(tenable)
