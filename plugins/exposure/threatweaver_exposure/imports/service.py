"""Taking a report in: checked by its first and last bytes at once, read whole in a job."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import (
    ImportParser,
    JobRun,
    NotFound,
    Rejected,
    ReportError,
    ReportFault,
    SpooledFile,
    Unprocessable,
    import_parsers,
    publish,
    quarantine,
    uuid7,
)
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.dry_run import trial
from threatweaver_exposure.engine.formats import TAIL_SIZE, detect
from threatweaver_exposure.engine.prolog import refuse_entities
from threatweaver_exposure.errors import NotRevertible, ReportRefused
from threatweaver_exposure.events import CoverageLost, ImportCompleted, ImportReverted
from threatweaver_exposure.imports import gates, news, queries
from threatweaver_exposure.imports.merge import Merged, merge
from threatweaver_exposure.imports.models import Import, Sighting
from threatweaver_exposure.imports.revert import revert
from threatweaver_exposure.imports.rows import failed
from threatweaver_exposure.imports.staging import Staged, stage
from threatweaver_exposure.mappings import service as mappings

_log = logging.getLogger(__name__)
_SHOWN = 200  # changes that a dry run names
# Names of jobs, and of what they refuse in the quarantine, from where a mapped file goes to its mapping.
IMPORT_REPORT = "exposure.import_report"
IMPORT_MAPPED = "exposure.import_mapped_report"


def formats() -> list[ImportParser]:
    """Return every format that is read, by title."""
    return sorted(import_parsers(), key=lambda parser: parser.title.lower())


async def accept(
    file: SpooledFile,
    *,
    job_id: UUID,
    user_id: UUID | None,
    asset: str | None = None,
    dry_run: bool = False,
    mapping_id: UUID | None = None,
) -> dict[str, Any]:
    """Check a spooled report and note the import; return the payload of its job.

    `asset` is what a report is about that does not say so itself; without one it is the file's name. With a
    mapping its format is not looked for. Raises ReportRefused, Unprocessable when there is no such mapping.
    """
    mapping = None
    try:
        refuse_entities(file.head)
        if mapping_id is not None:
            format_name, mapping = await _mapping(mapping_id)
        else:
            parser = detect(import_parsers(), file.head, file.filename, failed=_not_asked_again)
            _check_ends(parser, file)
            format_name = parser.name
    except ReportError as error:
        raise ReportRefused(error) from None
    entry = await Import.create(
        id=uuid7(),
        job_id=job_id,
        filename=file.filename,
        format=format_name,
        mapping=mapping,
        asset=asset,
        dry_run=dry_run,
        sha256=file.sha256,
        size=file.size,
        created_by=user_id,
    )
    return {"import_id": str(entry.id), "path": str(file.path), "format_name": format_name}


async def accept_again(file: SpooledFile, *, job_id: UUID) -> dict[str, Any]:
    """Note the import of a mapped file that was refused, by what its mapping says now; return the payload.

    It is about the same asset as when it was refused last. Of a mapping that is deleted the version counts
    with which it was handed in. Raises Unprocessable when nothing is known of how it was handed in.
    """
    refused = await Import.filter(sha256=file.sha256, mapping__isnull=False).order_by("-id").first()
    if refused is None or refused.mapping is None:
        raise Unprocessable("It is not known any more which mapping the file was handed in with.")
    entry = await Import.create(
        id=uuid7(),
        job_id=job_id,
        filename=file.filename,
        format=refused.format,
        mapping=await mappings.named(refused.format) or refused.mapping,
        asset=refused.asset or refused.filename,
        sha256=file.sha256,
        size=file.size,
    )
    return {"import_id": str(entry.id), "path": str(file.path), "format_name": entry.format}


async def import_report(
    run: JobRun,
    *,
    import_id: UUID,
    path: Path,
    gate: Mapping[str, str] | None = None,
    gate_on: str = "seen",
) -> dict[str, Any]:
    """Parse, stage and merge one report in the current transaction; return what it changed.

    With a gate, a filter of the list of vulnerabilities, the verdict is part of it. Raises ReportRefused when
    the report turns out to be malformed: it goes to quarantine, and nothing else is written.
    """
    entry = await Import.get(id=import_id)
    more: dict[str, Any] = {"dryRun": True} if entry.dry_run else {}
    async with trial(dry_run=entry.dry_run):
        merged = await _merged(run, entry, path)
        if entry.dry_run:
            more["changes"] = [dict(row) for row in await queries.changes(most=_SHOWN)]
        if gate is not None:
            more["gate"] = await gates.judge(gate, on=gate_on, assets=merged.assets)
    await (_note(entry, merged) if entry.dry_run else conclude(run, entry, merged))
    return {"importId": str(import_id), **asdict(merged), **more}


async def conclude(run: JobRun, entry: Import, merged: Merged) -> None:
    """Note what an import changed, and tell whoever wants to know."""
    await news.tell(run, entry.id)
    await _note(entry, merged)
    await publish(ImportCompleted(import_id=entry.id, format=entry.format, **asdict(merged)))
    if merged.unobserved:
        await publish(CoverageLost(import_id=entry.id, count=merged.unobserved))


async def _note(entry: Import, merged: Merged) -> None:
    await Import.filter(id=entry.id).update(finished_at=datetime.now(UTC), **asdict(merged))


async def revertible(import_id: UUID) -> Import:
    """Return an import that can be taken back. Raises NotFound, NotRevertible."""
    entry = await Import.get_or_none(id=import_id)
    if entry is None:
        raise NotFound
    if entry.reverted_at is not None:
        raise NotRevertible("The import is reverted already.")
    if entry.merged_at is None:
        raise NotRevertible("The import changed nothing: it is a dry run, failed, or is not at its end.")
    if entry.assets and not await Sighting.exists(import_id=import_id):
        raise NotRevertible("What was before the import is not kept any more.")
    return entry


async def revert_import(import_id: UUID, *, by: UUID, dry_run: bool) -> dict[str, Any]:
    """Take an import back in the current transaction; return what that did, and what it kept.

    With `dry_run` nothing is changed. Raises NotFound, NotRevertible.
    """
    await rollups.serialize()
    entry = await revertible(import_id)
    if entry.merged_at is None:
        raise NotRevertible
    async with trial(dry_run=dry_run):
        done = await revert(import_id, entry.merged_at)
        kept = [dict(row) for row in await queries.kept(most=_SHOWN)]
    if not dry_run:
        await Import.filter(id=import_id).update(reverted_at=datetime.now(UTC), reverted_by=by)
        await publish(ImportReverted(import_id=import_id, **asdict(done)))
    return {
        "importId": str(import_id),
        "dryRun": dry_run,
        "restored": done.restored,
        "withdrawn": done.withdrawn,
        "keptForLaterImports": done.kept_for_later_imports,
        "keptForDecisions": done.kept_for_decisions,
        "assetsWithdrawn": done.assets_withdrawn,
        "kept": kept,
    }


async def _merged(run: JobRun, entry: Import, path: Path) -> Merged:
    staged = Staged(import_id=entry.id, source=entry.format, subject=entry.asset or entry.filename)
    await _stage(run, entry, path, staged)
    await run.progress(82)
    return await merge(staged)


async def _stage(run: JobRun, entry: Import, path: Path, staged: Staged) -> None:
    try:
        await stage(run.progress, path, _parser(entry), staged)
    except ReportError as error:
        if error.code is ReportFault.PARSER_FAILED:
            _log.warning("import_parser_failed", extra={"parser": entry.format}, exc_info=error)
        kept = await _quarantine(run, entry, path, error)
        raise ReportRefused(error, quarantineId=str(kept)) from None
    except FileNotFoundError:
        lost = ReportError(
            ReportFault.UNSUPPORTED, "the uploaded file is gone from the spool folder; upload it again"
        )
        raise ReportRefused(lost) from None


async def _quarantine(run: JobRun, entry: Import, path: Path, error: ReportError) -> UUID:
    return await quarantine(
        run,
        Rejected(
            source=IMPORT_REPORT if entry.mapping is None else IMPORT_MAPPED,
            path=path,
            name=entry.filename,
            size=entry.size,
            sha256=entry.sha256,
            code=error.code.value,
            message=error.message,
            line=error.line,
        ),
    )


def _check_ends(parser: ImportParser, file: SpooledFile) -> None:
    """Let the parser look at both ends. Raises ReportError, whatever the parser raises."""
    if parser.check_ends is None:
        return
    try:
        parser.check_ends(file.head, file.tail[-TAIL_SIZE:])
    except ReportError:
        raise
    except Exception as error:
        _log.warning("import_parser_failed", extra={"parser": parser.name}, exc_info=error)
        raise failed(parser, type(error).__name__) from error


def _not_asked_again(parser: ImportParser, error: Exception) -> None:
    _log.warning("import_parser_failed", extra={"parser": parser.name}, exc_info=error)


async def _mapping(mapping_id: UUID) -> tuple[str, dict[str, Any]]:
    try:
        return await mappings.kept(mapping_id)
    except NotFound:
        raise Unprocessable("There is no such mapping.") from None


def _parser(entry: Import) -> ImportParser:
    """Return the parser of an import. Raises ReportError when its module left since the upload."""
    if entry.mapping is not None:
        return mappings.parser(entry.format, entry.mapping)
    for parser in import_parsers():
        if parser.name == entry.format:
            return parser
    raise ReportError(ReportFault.UNSUPPORTED, f"no licensed module reads {entry.format} any more")
