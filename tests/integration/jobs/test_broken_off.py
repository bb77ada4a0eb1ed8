"""A run that is broken off, because its worker lost the queue, is another worker's at once."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

from threatweaver.db.transaction import connection
from threatweaver.jobs import store
from threatweaver.jobs.models import Job, Status
from threatweaver.jobs.worker import Worker
from threatweaver.testing.plugin import running_worker


async def status_of(database, job_id):
    async with database.control(read_only=True):
        return (await Job.get(id=job_id)).status


async def until(true):
    async with asyncio.timeout(10):
        while not await true():  # noqa: ASYNC110 - the database knows
            await asyncio.sleep(0.02)


async def test_what_a_worker_had_begun_when_it_broke_off_is_done_by_the_next(
    kernel_of_jobs, alone, enqueue, final, answer
):
    job_id, _ = await enqueue("wait_for_a_receiver")
    async with alone.database.control():
        await connection().execute("DELETE FROM pgqueuer WHERE payload = $1", job_id.bytes)
    # As the queue calls it, and cancels it when both of its listeners fail at once: it forgets the entry.
    entry = SimpleNamespace(payload=job_id.bytes)
    taken = asyncio.create_task(Worker(kernel_of_jobs)._take(entry, None))

    async def runs():
        return await status_of(alone.database, job_id) == Status.RUNNING

    await until(runs)
    taken.cancel()
    with suppress(asyncio.CancelledError):
        await taken
    assert await status_of(alone.database, job_id) == Status.QUEUED
    answer.set()
    async with running_worker(kernel_of_jobs):
        done = await final(job_id)
    assert (done.status, done.attempts) == (Status.COMPLETED, 2)


async def test_what_the_queue_lost_is_found_and_what_it_has_stays(kernel_of_jobs, alone, enqueue, final):
    lost, _ = await enqueue("add", left=1, right=1)
    kept, _ = await enqueue("add", left=2, right=2)
    async with alone.database.control():
        await connection().execute("UPDATE job SET created_at = now() - interval '2 minutes'")
        await connection().execute("DELETE FROM pgqueuer WHERE payload = $1", lost.bytes)
        await store.put_back_lost()
    async with alone.database.control(read_only=True):
        places = {job.id: job.queue_id for job in await Job.filter(id__in=[lost, kept])}
    assert places[lost] is None
    assert places[kept] is not None
    async with alone.database.control():
        await store.release_served(kernel_of_jobs.registry.lanes)
    async with running_worker(kernel_of_jobs):
        assert (await final(lost)).result["sum"] == 2
        assert (await final(kept)).result["sum"] == 4
