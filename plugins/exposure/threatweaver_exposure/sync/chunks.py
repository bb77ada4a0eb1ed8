"""Merging one chunk: an import like any other, in one transaction with the position of the run."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from threatweaver.sdk import (
    JobRun,
    Rejected,
    ReportError,
    ReportFault,
    SpooledFile,
    connection,
    quarantine,
    uuid7,
)
from threatweaver_exposure.engine import nessus
from threatweaver_exposure.engine.tenable_export import Chunk, Refused
from threatweaver_exposure.errors import ReportRefused
from threatweaver_exposure.imports import service as imports
from threatweaver_exposure.imports.merge import merge
from threatweaver_exposure.imports.models import Import
from threatweaver_exposure.imports.staging import Staged, stage
from threatweaver_exposure.sync.models import SyncChunk, SyncRefusal
from threatweaver_exposure.sync.tenable import Kind

FORMAT = "tenable"
IMPORT_RECORDS = "exposure.import_tenable_records"


async def take(run: JobRun, path: Path, *, run_id: UUID, kind: Kind, export_id: UUID, number: int) -> None:
    """Merge a chunk, outside of any transaction. Raises ReportError for one that cannot be read."""
    sha256, size = await asyncio.to_thread(_measure, path)
    async with run.database.tenant(run.schema) as unit:
        await connection().execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
        )
        entry = await Import.create(
            id=uuid7(),
            job_id=run.id,
            filename=f"tenable-{kind}-{number}.json",
            format=FORMAT,
            sha256=sha256,
            size=size,
        )
        chunk = await _merge(run, path, entry)
        row = await SyncChunk.create(
            id=uuid7(),
            run_id=run_id,
            kind=kind,
            export_id=export_id,
            number=number,
            import_id=entry.id,
            records=chunk.records,
            refused=len(chunk.refused),
        )
        if chunk.refused:
            kept = await _keep(run, path, entry.filename, chunk.refused)
            await SyncRefusal.bulk_create(
                SyncRefusal(id=uuid7(), chunk_id=row.id, position=at, reason=reason, quarantine_id=kept)
                for at, reason, _ in chunk.refused
            )
        await unit.conclude()


async def prepare(file: SpooledFile, job_id: UUID) -> dict[str, Any]:
    """Note the import of records that are released from the quarantine; return the payload of its job."""
    entry = await Import.create(
        id=uuid7(), job_id=job_id, filename=file.filename, format=FORMAT, sha256=file.sha256, size=file.size
    )
    return {"import_id": str(entry.id), "path": str(file.path)}


async def again(run: JobRun, path: Path, import_id: UUID) -> dict[str, Any]:
    """Merge records that were refused before. Raises ReportRefused when one still cannot be taken."""
    entry = await Import.get(id=import_id)
    try:
        chunk = await _merge(run, path, entry)
    except ReportError as error:
        raise ReportRefused(error) from None
    if chunk.refused:
        raise ReportRefused(ReportError(ReportFault.MALFORMED, chunk.refused[0].reason))
    return {"importId": str(import_id), "records": chunk.records}


async def _merge(run: JobRun, path: Path, entry: Import) -> Chunk:
    chunk = Chunk()
    staged = Staged(
        import_id=entry.id,
        source=nessus.PARSER.name,
        subject=entry.filename,
        undated=entry.created_at,
    )
    await stage(_quietly, path, chunk.parser(), staged)
    await imports.conclude(run, entry, await merge(staged))
    return chunk


async def _keep(run: JobRun, chunk: Path, name: str, refused: list[Refused]) -> UUID:
    """Put the refused records of a chunk into the quarantine, as a chunk of their own."""
    data = orjson.dumps([item.record for item in refused])
    path = chunk.with_suffix(".refused")
    try:
        await asyncio.to_thread(path.write_bytes, data)
        return await quarantine(
            run,
            Rejected(
                source=IMPORT_RECORDS,
                path=path,
                name=name,
                size=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                code=ReportFault.MALFORMED.value,
                message=f"{len(refused)} records cannot be taken; the first because {refused[0].reason}",
            ),
        )
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _quietly(_: float) -> None:
    """Report no progress: the run counts chunks."""


def _measure(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
