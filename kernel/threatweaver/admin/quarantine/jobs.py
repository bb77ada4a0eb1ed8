"""Trying refused records again, and sweeping their files."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from threatweaver.admin.quarantine import service
from threatweaver.http.errors import NotFound
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable

table = JobTable()


@table.job("kernel.release_quarantined", timeout=timedelta(hours=2), scope=Scope.NONE)
async def release_quarantined(run: JobRun, *, record_id: str) -> Any:
    """Hand a refused record to its importer again; its result is this job's."""
    try:
        return await service.release(run, UUID(record_id))
    except NotFound:
        if run.attempt == 1:
            raise
        return {}  # the worker died after it had released the record


@table.job("kernel.sweep_quarantine", timeout=timedelta(hours=1), every=timedelta(days=1), scope=Scope.NONE)
async def sweep_quarantine(run: JobRun) -> None:
    """Remove what workers left behind that died between file and row."""
    await service.sweep(run.kernel, run.tenant_id, run.schema)
