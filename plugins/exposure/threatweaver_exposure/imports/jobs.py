"""Background work of imports."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.imports import service, undo

table = JobTable()


async def discard(*, path: str, **_: Any) -> None:
    """Remove the spooled file of a job that is over."""
    Path(path).unlink(missing_ok=True)


@table.job(service.IMPORT_REPORT, timeout=timedelta(hours=2), attempts=5, cleanup=discard)
async def import_report(
    run: JobRun,
    *,
    import_id: str,
    path: str,
    gate: dict[str, str] | None = None,
    gate_on: str = "seen",
    **_: Any,
) -> dict[str, Any]:
    """Import a spooled report. Safe to run twice: all of it is one transaction."""
    return await service.import_report(
        run, import_id=UUID(import_id), path=Path(path), gate=gate, gate_on=gate_on
    )


@table.job(service.IMPORT_MAPPED, timeout=timedelta(hours=2), attempts=5, cleanup=discard)
async def import_mapped_report(run: JobRun, *, import_id: str, path: str, **_: Any) -> dict[str, Any]:
    """Import a file by a mapping, once it is released from the quarantine. Safe to run twice."""
    return await service.import_report(run, import_id=UUID(import_id), path=Path(path))


@table.job("exposure.revert_import", timeout=timedelta(hours=2), attempts=5)
async def revert_import(_: JobRun, *, import_id: str, by: str, dry_run: bool) -> dict[str, Any]:
    """Take an import back. Safe to run twice: all of it is one transaction."""
    return await service.revert_import(UUID(import_id), by=UUID(by), dry_run=dry_run)


@table.job("exposure.forget_reverts", every=timedelta(days=1), timeout=timedelta(minutes=30))
async def forget_reverts(run: JobRun) -> dict[str, int]:
    """Drop what was kept to revert imports that are too old for it."""
    days = int(run.settings["exposure"]["revert_days"])
    return {"imports": await undo.forget(days)}
