"""Archiving and bringing back, in the background."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from threatweaver.admin.archives import service
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable

table = JobTable()
_LONGEST = timedelta(hours=6)


@table.job("kernel.create_archive", timeout=_LONGEST)
async def create_archive(run: JobRun, *, data_class: str, before: str, user_id: str) -> dict[str, Any]:
    """Move old data of one class into a file."""
    moment = datetime.fromisoformat(before)
    kind = service.archivable(run.kernel.registry.data_classes, data_class, moment)
    archive = await service.create(
        run.kernel.settings,
        kind,
        archive_id=run.id,
        tenant_id=run.tenant_id,
        before=moment,
        by=UUID(user_id),
    )
    return {"archiveId": str(archive.id), "rows": archive.rows, "bytes": archive.bytes}


@table.job("kernel.restore_archive", timeout=_LONGEST)
async def restore_archive(run: JobRun, *, archive_id: str) -> dict[str, Any]:
    """Bring an archive's rows back into the database."""
    archive = await service.find(UUID(archive_id))
    kind = service.restorable(run.kernel.registry.data_classes, archive)
    rows = await service.restore(run.kernel.settings, kind, archive, run.tenant_id)
    return {"archiveId": archive_id, "rows": rows}
