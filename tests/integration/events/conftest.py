"""A kernel of its own with events that two subscribers take, and a worker on its queue."""

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))  # for published_things.py

from published_things import KERNEL, NobodyListens, ThingDone, ThingSent, table

from threatweaver import running
from threatweaver.jobs.models import Job
from threatweaver.testing.plugin import running_worker


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listening(alone):
    """The kernel with these subscribers."""
    jobs = {item.job.name: item.job for item in table.subscribers}
    types = (ThingDone, ThingSent, *KERNEL)
    takers = {kind: tuple(item for item in table.subscribers if item.event is kind) for kind in types}
    registry = replace(
        alone.registry,
        jobs={**alone.registry.jobs, **jobs},
        job_modules={**alone.registry.job_modules, **dict.fromkeys(jobs, "test")},
        lanes={**alone.registry.lanes, **{name: job.lane for name, job in jobs.items()}},
        event_types={kind: kind.__name__ for kind in (*types, NobodyListens)},
        subscribers=takers,
    )
    return replace(alone, registry=registry)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def working(listening):
    async with running_worker(listening) as worker:
        yield worker


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one_tenant(alone, new_tenant):
    return await new_tenant(alone)


@pytest_asyncio.fixture(loop_scope="session")
async def home_tenant(alone, one_tenant):
    """A tenant without jobs."""
    async with alone.database.control():
        await Job.filter(tenant_id=one_tenant.id).delete()
    return one_tenant


@pytest.fixture
def as_home(listening, home_tenant):
    """A function: an open transaction of the tenant, as a request or a job has it."""

    @asynccontextmanager
    async def opened():
        with running.on(listening):
            async with listening.database.tenant(home_tenant.schema) as unit:
                yield unit

    return opened


@pytest.fixture
def jobs_of(listening):
    """A function: a tenant's jobs, once none of them is waiting any more."""

    async def found(tenant, *, final=True):
        async with asyncio.timeout(20):
            while True:
                async with listening.database.control(read_only=True):
                    rows = await Job.filter(tenant_id=tenant.id).order_by("kind", "id")
                if not final or all(row.finished_at for row in rows):
                    return rows
                await asyncio.sleep(0.02)

    return found
