"""Jobs through the real queue: every way one can end, and what the outside sees of it."""

import asyncio

from threatweaver.db.transaction import connection
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Status


async def test_a_job_completes_with_its_result(running, enqueue, final, tags, cleanup_of):
    job_id, key = await enqueue("add", left=2, right=3)
    done = await final(job_id)
    assert (done.status, done.result, done.error) == (Status.COMPLETED, {"sum": 5, "attempt": 1}, None)
    assert (done.progress, done.attempts) == (100, 1)
    assert done.created_at <= done.started_at <= done.finished_at
    assert await tags(key) == 1
    await cleanup_of(key)


async def test_an_api_error_is_the_jobs_error_and_rolls_back(running, enqueue, final, tags, cleanup_of):
    job_id, key = await enqueue("refuse")
    done = await final(job_id)
    assert done.status == Status.FAILED
    assert done.error == {
        "status": 422,
        "error": "Unprocessable Entity",
        "code": "UNPROCESSABLE",
        "message": "No such thing.",
        "reason": "GONE",
    }
    assert (done.attempts, await tags(key)) == (1, 0)
    await cleanup_of(key)


async def test_a_defect_tells_nothing_of_the_inside(running, enqueue, final, cleanup_of):
    job_id, key = await enqueue("break")
    done = await final(job_id)
    assert (done.status, done.error["code"], done.attempts) == (Status.FAILED, "INTERNAL_ERROR", 1)
    assert "secret" not in str(done.error)
    await cleanup_of(key)


async def test_a_lost_connection_is_tried_again(running, enqueue, final, cleanup_of):
    job_id, key = await enqueue("lose_connection", times=1)
    done = await final(job_id)
    assert (done.status, done.result) == (Status.COMPLETED, {"attempt": 2, "one": 1})
    await cleanup_of(key)


async def test_attempts_come_to_an_end(running, enqueue, final, cleanup_of):
    job_id, key = await enqueue("lose_connection", times=9, columns={"attempts": 2})
    done = await final(job_id)
    assert (done.status, done.attempts, done.error["code"]) == (Status.FAILED, 3, "INTERNAL_ERROR")
    await cleanup_of(key)


async def test_a_job_that_killed_its_worker_every_time_is_not_run_again(running, enqueue, final, cleanup_of):
    job_id, key = await enqueue("add", left=1, right=1, columns={"attempts": 3})
    done = await final(job_id)
    assert (done.status, done.error["code"]) == (Status.FAILED, "WORKER_LOST")
    await cleanup_of(key)


async def test_a_job_over_its_time_is_stopped(running, enqueue, final, cleanup_of):
    job_id, key = await enqueue("sleep")
    done = await final(job_id)
    assert (done.status, done.error["code"], done.attempts) == (Status.FAILED, "JOB_TIMEOUT", 1)
    await cleanup_of(key)


async def test_the_time_limit_of_something_else_is_not_the_jobs(running, enqueue, final):
    job_id, _ = await enqueue("time_out_inside")
    assert (await final(job_id)).error["code"] == "INTERNAL_ERROR"


async def test_a_result_that_cannot_be_stored_ends_the_job(running, enqueue, final, cleanup_of):
    job_id, key = await enqueue("odd_result")
    done = await final(job_id)
    assert (done.status, done.error["code"]) == (Status.FAILED, "INTERNAL_ERROR")
    await cleanup_of(key)


async def test_a_job_waits_for_the_module_that_knows_its_kind(alone, running, enqueue):
    job_id, _ = await enqueue("never_declared")

    async def parked():
        async with asyncio.timeout(15):
            while True:
                async with alone.database.control(read_only=True):
                    row = await connection().fetchrow("SELECT * FROM job WHERE id = $1", job_id)
                if (row["status"], row["queue_id"]) == ("queued", None):
                    return row["attempts"]
                await asyncio.sleep(0.05)

    assert await parked() == 0
    async with alone.database.control():
        assert await store.release_served({"test.add": Lane.WORK}) == 0
        assert await store.release_served({"test.never_declared": Lane.WORK}) == 1
    assert await parked() == 0  # by a worker that still does not know it
