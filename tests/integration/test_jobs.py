"""Jobs through the real queue: every way one can end, and what the outside sees of it."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from threatweaver.db.transaction import connection
from threatweaver.http.errors import Unprocessable
from threatweaver.ids import uuid7
from threatweaver.jobs import run as runs
from threatweaver.jobs import service, store
from threatweaver.jobs.models import Job, Status
from threatweaver.jobs.run import JobCancelled
from threatweaver.jobs.table import JobTable
from threatweaver.jobs.worker import Worker
from threatweaver.testing.plugin import keep_running

SOON = timedelta(seconds=20)
table, cleaned, seen = JobTable(), {}, {}


async def clean(*, key, **_):
    cleaned.setdefault(key, asyncio.Event())
    assert not cleaned[key].is_set(), "cleaned up twice"
    cleaned[key].set()


def job(name, **options):
    return table.job(f"test.{name}", timeout=options.pop("timeout", SOON), cleanup=clean, **options)


@job("add")
async def add(run, *, key, left, right):
    """Add."""
    await connection().execute(
        "INSERT INTO exposure_tag VALUES (gen_random_uuid(), $1, '#000000', now())", key
    )
    return {"sum": left + right, "attempt": run.attempt}


@job("refuse")
async def refuse(run, *, key):
    """Refuse."""
    await connection().execute(
        "INSERT INTO exposure_tag VALUES (gen_random_uuid(), $1, '#000000', now())", key
    )
    raise Unprocessable("No such thing.", reason="GONE")


@job("break")
async def break_(run, *, key):
    """Break."""
    raise ValueError("secret of the inside")


@job("lose_connection")
async def lose_connection(run, *, key, times):
    """Have the connection killed in the middle."""
    if run.attempt <= times:
        killer = await asyncpg.connect(run.database.dsn)
        pid = await connection().fetchval("SELECT pg_backend_pid()")
        await killer.execute("SELECT pg_terminate_backend($1)", pid)
        await killer.close()
    return {"attempt": run.attempt, "one": await connection().fetchval("SELECT 1")}


@job("time_out_inside", attempts=1)
async def time_out_inside(run, *, key):
    """Run into the time limit of something else."""
    raise TimeoutError


@job("sleep", timeout=timedelta(seconds=0.3))
async def sleep(run, *, key):
    """Take too long."""
    await connection().execute("SELECT pg_sleep(30)")


@job("report")
async def report(run, *, key):
    """Report progress until somebody says stop."""
    seen[key].set()
    while True:
        await run.progress(50)
        await asyncio.sleep(0.02)


@job("odd_result")
async def odd_result(run, *, key):
    """Return what PostgreSQL does not store as JSON."""
    return {"text": "a\x00b"}


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Progress is reported as often as a job likes."""
    monkeypatch.setattr(runs, "_EVERY", 0.0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kernel_of_jobs(alone):
    jobs = {item.name: item for item in table.jobs}
    known = replace(alone.registry, jobs=jobs, job_modules=dict.fromkeys(jobs))
    return replace(alone, registry=known)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home_tenant(alone, new_tenant):
    return await new_tenant(alone)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(kernel_of_jobs):
    """A worker on the module's own queue."""
    worker = Worker(kernel_of_jobs)
    task = asyncio.create_task(keep_running(worker))
    yield worker
    worker.stop()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
def enqueue(alone, home_tenant):
    async def enqueued(name, *, columns=None, then=None, **payload):
        job_id, key = uuid7(), uuid7().hex
        seen[key] = asyncio.Event()
        async with alone.database.control():
            await store.enqueue(
                job_id,
                tenant_id=home_tenant.id,
                user_id=None,
                module_id=None,
                kind=f"test.{name}",
                payload={"key": key, **payload},
            )
            if columns:
                await Job.filter(id=job_id).update(**columns)
            if then:
                await then(job_id)
        return job_id, key

    return enqueued


@pytest.fixture
def final(alone, home_tenant):
    async def wait(job_id):
        async with asyncio.timeout(20):
            await service.wait(alone.database, job_id, home_tenant.id, seconds=20, stopping=asyncio.Event())
        async with alone.database.control(read_only=True):
            return await Job.get(id=job_id)

    return wait


async def tags(alone, tenant, key):
    async with alone.database.tenant(tenant.schema, read_only=True):
        return await connection().fetchval("SELECT count(*) FROM exposure_tag WHERE name = $1", key)


async def cleanup_of(key):
    async with asyncio.timeout(10):
        await cleaned.setdefault(key, asyncio.Event()).wait()


async def test_a_job_completes_with_its_result(alone, running, enqueue, final, home_tenant):
    job_id, key = await enqueue("add", left=2, right=3)
    done = await final(job_id)
    assert (done.status, done.result, done.error) == (Status.COMPLETED, {"sum": 5, "attempt": 1}, None)
    assert (done.progress, done.attempts) == (100, 1)
    assert done.created_at <= done.started_at <= done.finished_at
    assert await tags(alone, home_tenant, key) == 1
    await cleanup_of(key)


async def test_an_api_error_is_the_jobs_error_and_rolls_back(alone, running, enqueue, final, home_tenant):
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
    assert (done.attempts, await tags(alone, home_tenant, key)) == (1, 0)
    await cleanup_of(key)


async def test_a_defect_tells_nothing_of_the_inside(running, enqueue, final):
    job_id, key = await enqueue("break")
    done = await final(job_id)
    assert (done.status, done.error["code"], done.attempts) == (Status.FAILED, "INTERNAL_ERROR", 1)
    assert "secret" not in str(done.error)
    await cleanup_of(key)


async def test_a_lost_connection_is_tried_again(running, enqueue, final):
    job_id, key = await enqueue("lose_connection", times=1)
    done = await final(job_id)
    assert (done.status, done.result) == (Status.COMPLETED, {"attempt": 2, "one": 1})
    await cleanup_of(key)


async def test_attempts_come_to_an_end(alone, running, enqueue, final):
    job_id, key = await enqueue("lose_connection", times=9, columns={"attempts": 2})
    done = await final(job_id)
    assert (done.status, done.attempts, done.error["code"]) == (Status.FAILED, 3, "INTERNAL_ERROR")
    await cleanup_of(key)


async def test_a_job_that_killed_its_worker_every_time_is_not_run_again(alone, running, enqueue, final):
    job_id, key = await enqueue("add", left=1, right=1, columns={"attempts": 3})
    done = await final(job_id)
    assert (done.status, done.error["code"]) == (Status.FAILED, "WORKER_LOST")
    await cleanup_of(key)


async def test_a_job_over_its_time_is_stopped(running, enqueue, final):
    job_id, key = await enqueue("sleep")
    done = await final(job_id)
    assert (done.status, done.error["code"], done.attempts) == (Status.FAILED, "JOB_TIMEOUT", 1)
    await cleanup_of(key)


async def test_the_time_limit_of_something_else_is_not_the_jobs(running, enqueue, final):
    job_id, _ = await enqueue("time_out_inside")
    assert (await final(job_id)).error["code"] == "INTERNAL_ERROR"


async def test_a_result_that_cannot_be_stored_ends_the_job(running, enqueue, final):
    job_id, key = await enqueue("odd_result")
    done = await final(job_id)
    assert (done.status, done.error["code"]) == (Status.FAILED, "INTERNAL_ERROR")
    await cleanup_of(key)


async def test_an_unknown_kind_fails(running, enqueue, final):
    job_id, _ = await enqueue("never_declared")
    assert (await final(job_id)).error["code"] == "JOB_UNKNOWN"


async def cancel(alone, tenant, job_id):
    async with alone.database.control():
        return await store.cancel(job_id, tenant_id=tenant.id)


async def test_a_running_job_is_asked_to_stop(alone, running, enqueue, final, home_tenant):
    job_id, key = await enqueue("report")
    await seen[key].wait()
    assert await cancel(alone, home_tenant, job_id) == Status.RUNNING
    done = await final(job_id)
    assert (done.status, done.progress, done.error) == (Status.CANCELLED, 50, None)
    await cleanup_of(key)


async def test_a_queued_job_is_cancelled_at_once_and_its_upload_is_cleaned_up(
    alone, running, enqueue, final, home_tenant
):
    async def cancel_it(job_id):
        assert await store.cancel(job_id, tenant_id=home_tenant.id) == Status.QUEUED

    job_id, key = await enqueue("add", then=cancel_it, left=1, right=1)
    done = await final(job_id)
    assert (done.status, done.attempts, done.finished_at is not None) == (Status.CANCELLED, 0, True)
    await cleanup_of(key)
    assert await tags(alone, home_tenant, key) == 0


async def test_cancelling_a_finished_job_changes_nothing(alone, running, enqueue, final, home_tenant):
    job_id, _ = await enqueue("add", left=1, right=1)
    before = await final(job_id)
    assert await cancel(alone, home_tenant, job_id) == Status.COMPLETED
    after = await final(job_id)
    assert (after.status, after.finished_at) == (before.status, before.finished_at)


async def test_a_request_to_stop_outlives_the_worker_that_did_not_see_it(alone, running, enqueue, final):
    left_behind = {"status": Status.RUNNING, "cancel_requested": True}
    job_id, key = await enqueue("add", left=1, right=1, columns=left_behind)
    assert (await final(job_id)).status == Status.CANCELLED
    await cleanup_of(key)


async def test_a_final_state_is_final(alone, running, enqueue, final):
    job_id, _ = await enqueue("add", left=1, right=1)
    await final(job_id)
    async with alone.database.control():
        await store.finish(job_id, Status.FAILED, error={"code": "LATE", "message": "A second run lost."})
        await store.requeue(job_id, delay=timedelta(0))
        assert await store.start(job_id) is None
    done = await final(job_id)
    assert (done.status, done.error) == (Status.COMPLETED, None)


async def test_progress_shows_while_the_job_runs_and_raises_when_cancelled(alone, enqueue, home_tenant):
    job_id, _ = await enqueue("report")
    run = runs.JobRun(
        id=job_id,
        tenant_id=home_tenant.id,
        schema=home_tenant.schema,
        attempt=1,
        settings={},
        database=alone.database,
    )
    shown = []
    async with alone.database.tenant(home_tenant.schema):
        for percent in (-5, 33.9, 250):
            await run.progress(percent)
            async with alone.database.control(read_only=True):
                shown.append((await Job.get(id=job_id)).progress)
        async with alone.database.control():
            await Job.filter(id=job_id).update(cancel_requested=True, status=Status.RUNNING)
        with pytest.raises(JobCancelled):
            await run.progress(250)
    assert shown == [0, 33, 99]
