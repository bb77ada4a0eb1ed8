"""Jobs of these tests, a queue of their own and a worker on it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from threatweaver.db.transaction import connection
from threatweaver.http.errors import Unprocessable
from threatweaver.http.route import Scope
from threatweaver.ids import uuid7
from threatweaver.jobs import run as runs
from threatweaver.jobs import service, store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Job
from threatweaver.jobs.table import JobTable
from threatweaver.testing.plugin import running_worker

SOON = timedelta(seconds=20)
table, cleaned, seen, answered = JobTable(), {}, {}, asyncio.Event()


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


@job("wait_for_a_receiver", scope=Scope.NONE, lane=Lane.OUTWARD)
async def wait_for_a_receiver(run, *, key):
    """Wait for somebody who does not answer before he is told to."""
    await answered.wait()


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
    lanes = {name: item.lane for name, item in jobs.items()}
    known = replace(alone.registry, jobs=jobs, job_modules=dict.fromkeys(jobs), lanes=lanes)
    return replace(alone, registry=known)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home_tenant(alone, new_tenant):
    return await new_tenant(alone)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(kernel_of_jobs):
    """A worker on the module's own queue."""
    async with running_worker(kernel_of_jobs) as worker:
        yield worker


@pytest.fixture
def enqueue(alone, home_tenant):
    known = {item.name: item for item in table.jobs}

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
                lane=known.get(f"test.{name}", add).lane,
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


@pytest.fixture
def tags(alone, home_tenant):
    """A function: how many rows a job left."""

    async def count(key):
        async with alone.database.tenant(home_tenant.schema, read_only=True):
            return await connection().fetchval("SELECT count(*) FROM exposure_tag WHERE name = $1", key)

    return count


@pytest.fixture
def cleanup_of():
    """A function: wait until a job is cleaned up."""

    async def wait(key):
        async with asyncio.timeout(10):
            await cleaned.setdefault(key, asyncio.Event()).wait()

    return wait


@pytest.fixture
def started():
    """Key → event that a job sets when it runs."""
    return seen


@pytest.fixture
def answer():
    """An event that is set when receivers answer."""
    answered.clear()
    return answered
