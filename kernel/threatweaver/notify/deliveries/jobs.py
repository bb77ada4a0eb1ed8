"""The minute's look at what was raised, sending, and forgetting."""

from datetime import timedelta

from threatweaver.http.route import Scope
from threatweaver.ids import uuid7
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.notify.deliveries import queries, service
from threatweaver.tenancy.models import Tenant

table = JobTable()
DELIVER = "kernel.deliver_notifications"
KEPT_DAYS = 30
_BUSY = 50.0  # seconds: then the next minute's job goes on, so that tenants with slow receivers take turns


async def _tenant(run: JobRun) -> Tenant:
    async with run.database.control(read_only=True):
        return await Tenant.get(id=run.tenant_id)


@table.job(
    "kernel.plan_notifications",
    timeout=timedelta(minutes=1),
    every=timedelta(minutes=1),
    scope=Scope.NONE,
)
async def plan_notifications(run: JobRun) -> None:
    """Plan what was raised, and have it sent by a job of its own: a slow receiver must not hold up others."""
    if not await service.work_of(run.kernel, await _tenant(run)):
        return
    async with run.database.control():
        if not await store.is_pending(run.tenant_id, DELIVER):
            await store.enqueue(
                uuid7(),
                tenant_id=run.tenant_id,
                user_id=None,
                module_id=None,
                kind=DELIVER,
                payload={},
                lane=Lane.OUTWARD,
            )


@table.job(DELIVER, timeout=timedelta(minutes=15), scope=Scope.NONE, lane=Lane.OUTWARD)
async def deliver_notifications(run: JobRun) -> dict[str, int]:
    """Send the tenant's notifications that are due."""
    return {"messages": await service.deliver_due(run.kernel, await _tenant(run), seconds=_BUSY)}


@table.job("kernel.forget_notifications", timeout=timedelta(minutes=5), every=timedelta(days=1))
async def forget_notifications(_: JobRun) -> None:
    """Delete events and deliveries after 30 days."""
    await queries.forget(KEPT_DAYS)
