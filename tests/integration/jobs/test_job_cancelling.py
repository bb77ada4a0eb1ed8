"""Cancelling a job, final states and progress."""

from datetime import timedelta

import pytest

from threatweaver.jobs import run as runs
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Job, Status
from threatweaver.jobs.run import JobCancelled


@pytest.fixture
def cancel(alone, home_tenant):
    async def cancelled(job_id):
        async with alone.database.control():
            return await store.cancel(job_id, tenant_id=home_tenant.id)

    return cancelled


async def test_a_running_job_is_asked_to_stop(running, enqueue, final, cancel, cleanup_of, started):
    job_id, key = await enqueue("report")
    await started[key].wait()
    assert await cancel(job_id) == Status.RUNNING
    done = await final(job_id)
    assert (done.status, done.progress, done.error) == (Status.CANCELLED, 50, None)
    await cleanup_of(key)


async def test_a_queued_job_is_cancelled_at_once_and_its_upload_is_cleaned_up(
    running, enqueue, final, home_tenant, tags, cleanup_of
):
    async def cancel_it(job_id):
        assert await store.cancel(job_id, tenant_id=home_tenant.id) == Status.QUEUED

    job_id, key = await enqueue("add", then=cancel_it, left=1, right=1)
    done = await final(job_id)
    assert (done.status, done.attempts, done.finished_at is not None) == (Status.CANCELLED, 0, True)
    await cleanup_of(key)
    assert await tags(key) == 0


async def test_cancelling_a_finished_job_changes_nothing(running, enqueue, final, cancel):
    job_id, _ = await enqueue("add", left=1, right=1)
    before = await final(job_id)
    assert await cancel(job_id) == Status.COMPLETED
    after = await final(job_id)
    assert (after.status, after.finished_at) == (before.status, before.finished_at)


async def test_a_request_to_stop_outlives_the_worker_that_did_not_see_it(running, enqueue, final, cleanup_of):
    left_behind = {"status": Status.RUNNING, "cancel_requested": True}
    job_id, key = await enqueue("add", left=1, right=1, columns=left_behind)
    assert (await final(job_id)).status == Status.CANCELLED
    await cleanup_of(key)


async def test_a_final_state_is_final(alone, running, enqueue, final):
    job_id, _ = await enqueue("add", left=1, right=1)
    await final(job_id)
    async with alone.database.control():
        await store.finish(job_id, Status.FAILED, error={"code": "LATE", "message": "A second run lost."})
        await store.requeue(job_id, lane=Lane.WORK, delay=timedelta(0))
        assert await store.start(job_id) is None
    done = await final(job_id)
    assert (done.status, done.error) == (Status.COMPLETED, None)


async def test_progress_shows_while_the_job_runs_and_raises_when_cancelled(alone, home_tenant):
    database, shown = alone.database, []
    async with database.control():
        row = await Job.create(tenant_id=home_tenant.id, kind="test.none", status=Status.RUNNING)
    run = runs.JobRun(
        id=row.id,
        tenant_id=home_tenant.id,
        schema=home_tenant.schema,
        attempt=1,
        kernel=alone,
    )
    async with database.tenant(home_tenant.schema):
        for percent in (-5, 33.9, 250):
            await run.progress(percent)
            async with database.control(read_only=True):
                shown.append((await Job.get(id=row.id)).progress)
        async with database.control():
            await Job.filter(id=row.id).update(cancel_requested=True)
        with pytest.raises(JobCancelled):
            await run.progress(250)
    assert shown == [0, 33, 99]
