"""One run of the sync: two exports, chunk by chunk, from where it stopped; no transaction while it waits."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import ApiError, JobCancelled, JobPostponed, JobRun, NotFound, ReportError
from threatweaver_exposure.sync import chunks, queries
from threatweaver_exposure.sync.errors import NotConfigured, TenableRefused
from threatweaver_exposure.sync.models import SyncChunk, SyncConfig, SyncRun
from threatweaver_exposure.sync.tenable import ExportGone, Kind, Tenable, wait

ATTEMPTS = 50  # a worker that is stopped hands the run on to another
PURPOSE = "sync.tenable:1"
_TRIES = 3  # of a chunk that arrives damaged, or of an export that Tenable lost
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(slots=True, kw_only=True)
class _Work:
    run: JobRun
    run_id: UUID
    config: SyncConfig
    since: datetime | None
    tenable: Tenable


async def sync(run: JobRun, run_id: UUID) -> dict[str, Any]:
    """Do what is left of a run, outside of any transaction; return what all of it did."""
    work = await _begin(run, run_id)
    try:
        for kind in Kind:
            await _fetch(work, kind)
    except JobCancelled:
        await _end(work, "cancelled")
        raise
    except ApiError as error:
        await _end(work, "failed", error)
        raise
    await _end(work, "completed")
    async with run.database.tenant(run.schema, read_only=True):
        found = await queries.LISTING.one(run_id)
    if found is None:
        raise NotFound
    names = ("records", "refused", "assets", "created", "updated", "reopened", "unchanged", "closed")
    return {"syncId": str(run_id), **{name: found[name] for name in names}}


async def _begin(run: JobRun, run_id: UUID) -> _Work:
    now = datetime.now(UTC)
    async with run.database.tenant(run.schema):
        entry = await SyncRun.get_or_none(id=run_id)
        config = await SyncConfig.get_or_none(id=1)
        if entry is None or entry.state not in {"queued", "running"}:
            raise NotFound("The run is over.")
        gone = config is None
        values = {"state": "failed", "error": NotConfigured.code} if gone else {"state": "running"}
        await SyncRun.filter(id=run_id).update(
            started_at=entry.started_at or now, touched_at=now, finished_at=now if gone else None, **values
        )
    if config is None:
        raise NotConfigured
    keys = run.kernel.secrets.open(config.sealed_keys, purpose=PURPOSE)
    tenable = Tenable(kernel=run.kernel, url=config.url, keys=keys, pause=partial(_pause, run, run_id))
    return _Work(run=run, run_id=run_id, config=config, since=entry.since, tenable=tenable)


async def _fetch(work: _Work, kind: Kind) -> None:
    """Fetch what is left of one export; begin it anew, if Tenable lost it."""
    for tried in range(1, _TRIES + 1):
        export_id = await _export(work, kind)
        try:
            await _drain(work, kind, export_id)
        except ExportGone:
            await _note(work, **{f"{kind}_export": None, f"{kind}_total": None})
            if tried == _TRIES:
                raise TenableRefused(f"Tenable's export of {kind} failed.") from None
        else:
            return


async def _export(work: _Work, kind: Kind) -> UUID:
    """Return the export that the run has begun, or begin one."""
    async with work.run.database.tenant(work.run.schema, read_only=True):
        entry = await SyncRun.get(id=work.run_id)
    begun: UUID | None = getattr(entry, f"{kind}_export")
    if begun is not None:
        return begun
    export_id = await work.tenable.start(
        kind,
        since=work.since,
        assets_per_chunk=work.config.assets_per_chunk,
        minimum_severity=work.config.minimum_severity,
    )
    await _note(work, **{f"{kind}_export": export_id})
    return export_id


async def _drain(work: _Work, kind: Kind, export_id: UUID) -> None:
    """Merge chunks as they become available. Raises ExportGone."""
    pause = _FIRST_PAUSE
    while True:
        progress = await work.tenable.progress(kind, export_id)
        await _note(work, **{f"{kind}_total": progress.total})
        async with work.run.database.tenant(work.run.schema, read_only=True):
            rows = SyncChunk.filter(run_id=work.run_id, export_id=export_id)
            merged = {row.number for row in await rows.only("number")}
        left = [number for number in progress.chunks if number not in merged]
        for number in left:
            await _pause(work.run, work.run_id, 0)
            await _take(work, kind, export_id, number)
            merged.add(number)
            await work.run.progress(queries.percent(kind, len(merged), progress.total))
        if progress.finished:
            return
        pause = _FIRST_PAUSE if left else min(2 * pause, _LONGEST_PAUSE)
        await _pause(work.run, work.run_id, pause)


async def _take(work: _Work, kind: Kind, export_id: UUID, number: int) -> None:
    spool = work.run.kernel.settings.spool
    path = Path(spool) / f"sync-{work.run.id}-{number}.json"
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    try:
        for tried in range(1, _TRIES + 1):
            await work.tenable.fetch(kind, export_id, number, path)
            try:
                await chunks.take(
                    work.run, path, run_id=work.run_id, kind=kind, export_id=export_id, number=number
                )
            except ReportError as error:
                if tried == _TRIES:
                    text = f"Chunk {number} of {kind} cannot be read: {error.message}"
                    raise TenableRefused(text[:500]) from None
            else:
                return
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _pause(run: JobRun, run_id: UUID, seconds: float) -> None:
    """Wait. Raises JobCancelled, and JobPostponed when the worker is to stop."""
    async with run.database.tenant(run.schema):
        changed = await SyncRun.filter(id=run_id, cancel_requested=False).update(touched_at=datetime.now(UTC))
    if not changed:
        raise JobCancelled
    if seconds:
        await wait(run, seconds)
    if run.stopping.is_set():
        raise JobPostponed(timedelta(0))


async def _note(work: _Work, **values: Any) -> None:
    async with work.run.database.tenant(work.run.schema):
        await SyncRun.filter(id=work.run_id).update(touched_at=datetime.now(UTC), **values)


async def _end(work: _Work, state: str, error: ApiError | None = None) -> None:
    """Note how a run ended; a completed one moves the position from which the next one fetches."""
    async with work.run.database.tenant(work.run.schema):
        entry = await SyncRun.get(id=work.run_id)
        await SyncRun.filter(id=work.run_id).update(
            state=state,
            error=error and error.code,
            message=error and error.message[:500],
            finished_at=datetime.now(UTC),
        )
        if state == "completed":
            await SyncConfig.filter(id=1).update(position=entry.created_at - queries.OVERLAP)
