"""Deleting what is old: on demand, and every day."""

from datetime import timedelta
from uuid import UUID

from threatweaver.admin.flags import service as flags
from threatweaver.admin.flags.kernel import DAILY_RETENTION
from threatweaver.admin.retention import service
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable

table = JobTable()
_LONGEST = timedelta(hours=2)


@table.job("kernel.apply_retention", timeout=_LONGEST, scope=Scope.NONE)
async def apply_retention(run: JobRun, *, user_id: str) -> dict[str, int]:
    """Delete what is older than the retention policy keeps."""
    return await service.run(run.kernel, run.tenant_id, run.schema, by=UUID(user_id))


@table.job("kernel.apply_retention_daily", timeout=_LONGEST, every=timedelta(days=1), scope=Scope.NONE)
async def apply_retention_daily(run: JobRun) -> None:
    """Do so every day, unless the tenant turned that off."""
    async with run.database.tenant(run.schema, read_only=True):
        wanted = await flags.is_on(DAILY_RETENTION)
    if wanted:
        await service.run(run.kernel, run.tenant_id, run.schema, by=None)
