"""Background work of threat intelligence."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.imports.jobs import discard
from threatweaver_exposure.intelligence import service

table = JobTable()


@table.job("exposure.import_snapshot", timeout=timedelta(hours=2), attempts=5, cleanup=discard)
async def import_snapshot(run: JobRun, *, snapshot_id: str, path: str) -> dict[str, Any]:
    """Let a snapshot hold. Safe to run twice: all of it is one transaction."""
    return await service.take(UUID(snapshot_id), Path(path), run.progress)
