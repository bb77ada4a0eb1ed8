"""Background work of imports."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.imports import service

table = JobTable()


async def _discard(*, path: str, **_: Any) -> None:
    Path(path).unlink(missing_ok=True)


@table.job(service.IMPORT_REPORT, timeout=timedelta(hours=2), attempts=5, cleanup=_discard)
async def import_report(run: JobRun, *, import_id: str, path: str, format_name: str) -> dict[str, Any]:
    """Import a spooled report. Safe to run twice: all of it is one transaction."""
    return await service.import_report(
        run, import_id=UUID(import_id), path=Path(path), format_name=format_name
    )
