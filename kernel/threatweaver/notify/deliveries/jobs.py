"""The minute's look at what was raised, sending, and forgetting."""

from datetime import UTC, datetime, timedelta

from threatweaver.http.route import Scope
from threatweaver.ids import uuid7
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.notify.deliveries import queries, service
from threatweaver.notify.wakes import queries as wakes
from threatweaver.tenancy.models import Tenant

table = JobTable()
DELIVER = "kernel.deliver_notifications"
KEPT_DAYS = 30
_LONGEST = timedelta(minutes=15)
_BUSY = 50.0  # seconds: then the next minute's job goes on, so that tenants with slow receivers take turns


async def _tenant(run: JobRun) -> Tenant:
    async with run.database.control(read_only=True):
        return await Tenant.get(id=run.tenant_id)


async def _next_due(run: JobRun) -> datetime | None:
    async with run.database.tenant(run.schema, read_only=True):
        return await queries.next_due()


@table.job(
    "kernel.plan_notifications",
    timeout=timedelta(minutes=1),
    every=timedelta(minutes=1),
    only=wakes.tenants,
    scope=Scope.NONE,
)
async def plan_notifications(run: JobRun) -> None:
    """Plan what was raised, and have it sent by a job of its own: a slow receiver must not hold up others."""
    async with run.database.control(read_only=True):
        seen = await wakes.due(run.tenant_id)
    await service.plan_pending(run.kernel, await _tenant(run))
    moment, now = await _next_due(run), datetime.now(UTC)
    async with run.database.control():
        await wakes.done(seen)
        if moment is None:
            return
        sending = moment <= now
        # A worker that is lost at every attempt leaves what is due: look again when its time is over.
        await wakes.at(run.tenant_id, now + _LONGEST if sending else moment)
        if sending and not await store.is_pending(run.tenant_id, DELIVER):
            await store.enqueue(
                uuid7(),
                tenant_id=run.tenant_id,
                user_id=None,
                module_id=None,
                kind=DELIVER,
                payload={},
                lane=Lane.OUTWARD,
            )


@table.job(DELIVER, timeout=_LONGEST, scope=Scope.NONE, lane=Lane.OUTWARD)
async def deliver_notifications(run: JobRun) -> dict[str, int]:
    """Send the tenant's notifications that are due."""
    tenant = await _tenant(run)
    tried = await service.deliver_due(run.kernel, tenant, seconds=_BUSY, stopping=run.stopping)
    if (moment := await _next_due(run)) is not None:
        async with run.database.control():
            await wakes.at(run.tenant_id, moment)
    return {"messages": tried}


@table.job("kernel.forget_notifications", timeout=timedelta(minutes=5), every=timedelta(days=1))
async def forget_notifications(_: JobRun) -> None:
    """Delete events and deliveries after 30 days."""
    await queries.forget(KEPT_DAYS)
