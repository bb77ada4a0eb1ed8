"""Background work of the sync."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable, Lane, Scope, SubscriberTable, publish
from threatweaver_exposure.events import SyncDue
from threatweaver_exposure.imports.jobs import discard
from threatweaver_exposure.sync import chunks, runner, service

table = JobTable()
subscribers = SubscriberTable()
_LONGEST = timedelta(hours=24)


@table.job(
    "exposure.sync_tenable",
    timeout=_LONGEST,
    attempts=runner.ATTEMPTS,
    scope=Scope.NONE,
    lane=Lane.OUTWARD,
)
async def sync_tenable(run: JobRun, *, run_id: str) -> dict[str, Any]:
    """Fetch and merge what Tenable has. Safe to run twice: what is merged is not fetched again."""
    return await runner.sync(run, UUID(run_id))


@subscribers.on(
    SyncDue,
    "exposure.sync_tenable_on_schedule",
    timeout=_LONGEST,
    attempts=runner.ATTEMPTS,
    scope=Scope.NONE,
    lane=Lane.OUTWARD,
)
async def sync_on_schedule(run: JobRun, event: SyncDue) -> dict[str, Any]:
    """Fetch and merge what Tenable has, because it is time."""
    return await runner.sync(run, event.sync_id)


@table.job("exposure.start_due_syncs", every=timedelta(minutes=5), timeout=timedelta(minutes=1))
async def start_due_syncs(_: JobRun) -> None:
    """Begin a run when it is time for one."""
    if await service.due():
        entry = await service.start(full=False, by=None)
        await publish(SyncDue(sync_id=entry.id))


@table.job(chunks.IMPORT_RECORDS, timeout=timedelta(hours=2), attempts=5, cleanup=discard)
async def import_tenable_records(run: JobRun, *, import_id: str, path: str) -> dict[str, Any]:
    """Merge records that were refused, once they are released from the quarantine."""
    return await chunks.again(run, Path(path), UUID(import_id))
