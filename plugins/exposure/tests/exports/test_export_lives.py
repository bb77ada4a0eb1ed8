"""Exports while they are written: chunks that can be fetched, cancelling, attempts, deletion and age."""

import asyncio

import pytest
from export_calls import ask, detail, fetch

from threatweaver.jobs.run import JobCancelled
from threatweaver_exposure.exports import queries, service

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Gate:
    """Holds the writing job once it has written so many chunks."""

    def __init__(self, after):
        self.after = after
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()


@pytest.fixture
def gate(monkeypatch):
    """Chunks of two rows, and a stop after the second one."""
    held, add = Gate(2), queries.add_chunk

    async def add_chunk(*args, number, **options):
        if number > held.after:
            held.reached.set()
            await held.opened.wait()
        return await add(*args, number=number, **options)

    monkeypatch.setattr(service, "CHUNK", 600)
    monkeypatch.setattr(queries, "add_chunk", add_chunk)
    yield held
    held.opened.set()


async def status_of(space, export_id):
    return (await space.finished(export_id))["status"]


async def code_of(space, method, path, **options):
    answer = await space.call(method, path, **options)
    return answer.status, answer.body["code"]


async def test_chunks_can_be_fetched_while_the_job_runs(story, gate):
    export_id = await ask(story, "vulnerabilities", "ndjson", wait=0)
    await asyncio.wait_for(gate.reached.wait(), 20)
    shown = await detail(story, export_id)
    assert (shown["state"], len(shown["chunks"]), shown["finishedAt"]) == ("running", 2, None)
    status, _, first = await fetch(story, f"/export/{export_id}/chunks/1")
    assert (status, first.count(b"\n")) == (200, 2)
    assert shown["rows"] == 4
    assert await code_of(story, "GET", f"/export/{export_id}/chunks/3") == (404, "NOT_FOUND")
    assert await code_of(story, "GET", f"/export/{export_id}/download") == (409, "EXPORT_NOT_READY")
    gate.opened.set()
    assert await status_of(story, export_id) == "completed"
    shown = await detail(story, export_id)
    assert shown["rows"] == len(await story.walk("/vulnerabilities"))
    _, _, whole = await fetch(story, f"/export/{export_id}/download")
    assert whole.startswith(first)
    assert (await story.finished(export_id))["result"] == {
        "exportId": export_id,
        "rows": shown["rows"],
        "bytes": len(whole),
        "chunks": len(shown["chunks"]),
    }


async def test_cancelled_while_it_is_written(story, gate):
    export_id = await ask(story, "vulnerabilities", "csv", wait=0)
    await asyncio.wait_for(gate.reached.wait(), 20)
    answer = await story.call("POST", f"/export/{export_id}/cancel")
    assert (answer.status, answer.body["data"]["state"], answer.body["data"]["chunks"]) == (
        200,
        "cancelled",
        [],
    )
    gate.opened.set()
    assert await status_of(story, export_id) == "cancelled"
    shown = await detail(story, export_id)
    assert (shown["state"], shown["chunks"]) == ("cancelled", [])
    assert await code_of(story, "GET", f"/export/{export_id}/download") == (409, "EXPORT_NOT_READY")
    assert (await story.call("POST", f"/export/{export_id}/cancel")).body["data"]["state"] == "cancelled"


async def test_cancelled_as_a_job(story, gate):
    export_id = await ask(story, "vulnerabilities", "csv", wait=0)
    await asyncio.wait_for(gate.reached.wait(), 20)
    assert (await story.call("POST", f"/jobs/{export_id}/cancel")).status == 200
    await asyncio.sleep(0.6)  # a job hears of it twice a second
    gate.opened.set()
    assert await status_of(story, export_id) == "cancelled"
    shown = await detail(story, export_id)
    assert (shown["state"], shown["chunks"]) == ("cancelled", [])


async def test_a_complete_one_stays_when_it_is_cancelled(story):
    export_id = await ask(story, "assets", "csv")
    before = await detail(story, export_id)
    assert (await story.call("POST", f"/export/{export_id}/cancel")).body["data"] == before
    assert (await fetch(story, f"/export/{export_id}/download"))[0] == 200


async def test_deleted_while_it_is_written(story, gate):
    export_id = await ask(story, "vulnerabilities", "csv", wait=0)
    await asyncio.wait_for(gate.reached.wait(), 20)
    assert (await story.call("DELETE", f"/export/{export_id}")).status == 204
    gate.opened.set()
    assert await status_of(story, export_id) == "cancelled"
    for method, path in (("GET", ""), ("GET", "/download"), ("POST", "/cancel"), ("DELETE", "")):
        assert await code_of(story, method, f"/export/{export_id}{path}") == (404, "NOT_FOUND")
    assert await story.sql("SELECT 1 FROM exposure_export_chunk WHERE export_id = $1", export_id) == []


async def test_another_attempt_begins_anew(story, run_job, monkeypatch):
    """A worker that was lost left chunks of another size behind."""
    export_id = await ask(story, "vulnerabilities", "ndjson")
    _, _, whole = await fetch(story, f"/export/{export_id}/download")
    await change(story, "state = 'running', attempt = 7", export_id)
    async with story.kernel.database.tenant(story.tenant.schema) as unit:
        await unit.connection.execute(
            """INSERT INTO exposure_export_chunk (export_id, number, size, sha256, data)
               VALUES ($1, 9, 1, '', 'x')""",
            export_id,
        )
    monkeypatch.setattr(service, "CHUNK", 5000)
    await run_job("exposure.write_export", story.tenant, export_id=export_id)
    shown = await detail(story, export_id)
    assert [chunk["number"] for chunk in shown["chunks"]] == list(range(1, len(shown["chunks"]) + 1))
    assert len(shown["chunks"]) > 1
    assert (await fetch(story, f"/export/{export_id}/download"))[2] == whole
    # and a worker that comes back adds nothing
    async with story.kernel.database.tenant(story.tenant.schema):
        late = {"number": 10, "rows_until": 1, "content": b"x", "sha256": ""}
        assert not await queries.add_chunk(export_id, 7, **late)
        assert not await queries.settle(export_id, 7, "failed")


async def test_a_job_that_is_done_twice_leaves_the_file(story, run_job):
    export_id = await ask(story, "vulnerabilities", "csv")
    before = await detail(story, export_id)
    result = await run_job("exposure.write_export", story.tenant, export_id=export_id)
    assert (result["rows"], result["chunks"]) == (before["rows"], len(before["chunks"]))
    assert await detail(story, export_id) == before


async def test_a_job_that_fails_says_so(story, monkeypatch):
    async def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(queries, "count", broken)
    export_id = await ask(story, "vulnerabilities", "csv")
    assert await status_of(story, export_id) == "failed"
    shown = await detail(story, export_id)
    assert (shown["state"], shown["chunks"]) == ("failed", [])
    assert shown["finishedAt"]


async def test_one_that_takes_too_long_has_failed(story, run_job, gate):
    export_id = await ask(story, "vulnerabilities", "csv", wait=0)
    await asyncio.wait_for(gate.reached.wait(), 20)
    gate.reached.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await run_job("exposure.write_export", story.tenant, export_id=export_id)
    assert gate.reached.is_set()
    shown = await detail(story, export_id)
    assert (shown["state"], shown["chunks"]) == ("failed", [])


async def test_cancelled_before_it_began(story, run_job):
    export_id = await ask(story, "vulnerabilities", "csv")
    await change(story, "state = 'queued'", export_id)
    assert (await story.call("POST", f"/export/{export_id}/cancel")).body["data"]["state"] == "cancelled"
    with pytest.raises(JobCancelled):
        await run_job("exposure.write_export", story.tenant, export_id=export_id)
    assert (await detail(story, export_id))["state"] == "cancelled"


async def test_they_go_after_seven_days(story, run_job):
    old, recent = await ask(story, "assets", "csv"), await ask(story, "assets", "csv")
    await change(story, "created_at = now() - interval '7 days 1 second'", old)
    await change(story, "created_at = now() - interval '6 days 23 hours'", recent)
    assert await code_of(story, "GET", f"/export/{old}") == (404, "NOT_FOUND")  # at once
    await run_job("exposure.expire_exports", story.tenant)
    left = await story.sql("SELECT id FROM exposure_export WHERE id = ANY($1)", [old, recent])
    assert [str(row["id"]) for row in left] == [recent]
    assert await story.sql("SELECT 1 FROM exposure_export_chunk WHERE export_id = $1", old) == []


async def test_what_nobody_writes_any_more_has_failed(story, run_job):
    lost, slow = await ask(story, "assets", "csv"), await ask(story, "assets", "csv")
    await change(story, "state = 'running', touched_at = now() - interval '25 hours'", lost)
    await change(story, "state = 'running', touched_at = now() - interval '23 hours'", slow)
    await run_job("exposure.expire_exports", story.tenant)
    assert ((await detail(story, lost))["state"], (await detail(story, lost))["chunks"]) == ("failed", [])
    assert (await detail(story, slow))["state"] == "running"


async def change(space, assignments, export_id):
    async with space.kernel.database.tenant(space.tenant.schema) as unit:
        await unit.connection.execute(f"UPDATE exposure_export SET {assignments} WHERE id = $1", export_id)
