"""Background work of exports."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.exports import queries, service

table = JobTable()


@table.job("exposure.write_export", timeout=timedelta(hours=2))
async def write_export(run: JobRun, *, export_id: str) -> dict[str, Any]:
    """Write a list into a file. Another attempt begins anew, without what the one before wrote."""
    return await service.write(run, UUID(export_id))


@table.job("exposure.expire_exports", every=timedelta(days=1), timeout=timedelta(minutes=10))
async def expire_exports(_: JobRun) -> None:
    """Delete exports older than seven days. Safe to run twice."""
    await queries.expire()
