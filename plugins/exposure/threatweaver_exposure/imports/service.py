"""Taking a report in: checked by its first and last bytes at once, read whole in a job."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, Rejected, SpooledFile, publish, quarantine, uuid7
from threatweaver_exposure.engine.formats import (
    FORMATS,
    TAIL_SIZE,
    Format,
    check_ends,
    detect,
    refuse_doctype,
)
from threatweaver_exposure.engine.report import Fault, ReportError
from threatweaver_exposure.errors import ReportRefused
from threatweaver_exposure.events import ImportCompleted
from threatweaver_exposure.imports import news
from threatweaver_exposure.imports.merge import merge
from threatweaver_exposure.imports.models import Import
from threatweaver_exposure.imports.staging import stage

IMPORT_REPORT = "exposure.import_report"  # the name of the job, and of what it refuses in the quarantine


async def accept(file: SpooledFile, *, job_id: UUID, user_id: UUID | None) -> dict[str, Any]:
    """Check a spooled report and note the import; return the payload of its job. Raises ReportRefused."""
    try:
        refuse_doctype(file.head)
        format_ = detect(file.head)
        if format_ is None:
            labels = ", ".join(item.label for item in FORMATS.values())
            raise ReportError(Fault.UNSUPPORTED, f"this is not a report of a known format ({labels})")
        check_ends(format_, file.tail[-TAIL_SIZE:])
    except ReportError as error:
        raise ReportRefused(error) from None
    entry = await Import.create(
        id=uuid7(),
        job_id=job_id,
        filename=file.filename,
        format=format_.name,
        sha256=file.sha256,
        size=file.size,
        created_by=user_id,
    )
    return {"import_id": str(entry.id), "path": str(file.path), "format_name": format_.name}


async def import_report(run: JobRun, *, import_id: UUID, path: Path, format_name: str) -> dict[str, Any]:
    """Parse, stage and merge one report in the current transaction; return what it changed.

    Raises ReportRefused when the report turns out to be malformed: it goes to quarantine, and nothing else is
    written.
    """
    entry = await Import.get(id=import_id)
    # A report without dates happened when its bytes first came in, so importing it again changes nothing.
    first = await Import.filter(sha256=entry.sha256).order_by("created_at", "id").first()
    try:
        staged = await stage(run, path, _format(format_name))
    except ReportError as error:
        kept = await _quarantine(run, entry, path, error)
        raise ReportRefused(error, quarantineId=str(kept)) from None
    except FileNotFoundError:
        lost = ReportError(
            Fault.UNSUPPORTED, "the uploaded file is gone from the spool folder; upload it again"
        )
        raise ReportRefused(lost) from None
    await run.progress(82)
    merged = await merge(staged, source=format_name, import_id=import_id, undated=(first or entry).created_at)
    await news.tell(run, import_id)
    counts = asdict(merged)
    await Import.filter(id=import_id).update(finished_at=datetime.now(UTC), **counts)
    await publish(ImportCompleted(import_id=import_id, format=format_name, **counts))
    return {"importId": str(import_id), **counts}


async def _quarantine(run: JobRun, entry: Import, path: Path, error: ReportError) -> UUID:
    return await quarantine(
        run,
        Rejected(
            source=IMPORT_REPORT,
            path=path,
            name=entry.filename,
            size=entry.size,
            sha256=entry.sha256,
            code=error.code.value,
            message=error.message,
            line=error.line,
        ),
    )


def _format(name: str) -> Format:
    return next(item for item in FORMATS.values() if item.name == name)
