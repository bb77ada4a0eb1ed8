"""Scheduled jobs: a tick a minute, taken by one worker, runs what is due for every active tenant."""

import asyncio
from datetime import timedelta

from tortoise.expressions import Subquery

from threatweaver import log
from threatweaver.ids import uuid7
from threatweaver.jobs.run import JobRun, call
from threatweaver.jobs.table import Job
from threatweaver.kernel import Kernel
from threatweaver.modules.models import TenantApp
from threatweaver.tenancy.models import Tenant

ENTRYPOINT = "threatweaver_tick"
EVERY_MINUTE = "* * * * *"
_log = log.get(__name__)


async def run_due(kernel: Kernel, minute: int) -> int:
    """Run the jobs that are due in this minute since the epoch; return how many runs failed."""
    due = [
        job
        for job in kernel.registry.jobs.values()
        if job.every is not None and minute % (job.every // timedelta(minutes=1)) == 0
    ]
    outcomes = [await _run(kernel, job, tenant) for job in due for tenant in await _tenants(kernel, job)]
    return outcomes.count(False)


async def _tenants(kernel: Kernel, job: Job) -> list[Tenant]:
    """Return the active tenants that a job may have something to do for, the oldest first.

    A tenant that has not the tables of the job's module, or not yet, has nothing to do.
    """
    async with kernel.database.control(read_only=True):
        active = Tenant.filter(suspended_at__isnull=True)
        if job.only is not None:
            chosen = list(await job.only())
            if not chosen:
                return []
            active = active.filter(id__in=chosen)
        if needed := kernel.registry.tables_for(job.name):
            app, version = needed
            ready = TenantApp.filter(app=app, version=version)
            active = active.filter(id__in=Subquery(ready.values("tenant_id")))
        return await active.order_by("created_at")


async def _run(kernel: Kernel, job: Job, tenant: Tenant) -> bool:
    """Run one job for one tenant, in a transaction of its own; a failure must not stop the others."""
    run = JobRun(
        id=uuid7(),
        tenant_id=tenant.id,
        schema=tenant.schema,
        attempt=1,
        kernel=kernel,
    )
    try:
        async with asyncio.timeout(job.timeout.total_seconds()):
            await call(job, run, {})
    except Exception as error:  # noqa: BLE001 - the process edge: whatever a job raises, the next is run
        _log.error("scheduled_job_failed", kind=job.name, tenant=tenant.slug, exc_info=error)
        return False
    return True
