"""Taking snapshots in: the signature is checked at the door, the records as they are read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import connection
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.engine.intel_snapshot import Manifest, SnapshotFault, trusted, verified
from threatweaver_exposure.flaws import service as flaws
from threatweaver_exposure.intelligence import applying, store
from threatweaver_exposure.intelligence.applying import CURRENT
from threatweaver_exposure.intelligence.errors import SnapshotOlder, SnapshotRefused
from threatweaver_exposure.intelligence.models import Snapshot
from threatweaver_exposure.risk.service import rescore

_EARLY = timedelta(days=1)  # what clocks may differ, and a day that began elsewhere
_MOVES_SCORES = ("epss", "kev")
_SAYS_ALIASES = "osv"


async def accept(
    head: bytes, *, keys: str, replay: bool, job_id: UUID | None = None, user_id: UUID | None = None
) -> Snapshot:
    """Note a snapshot by its first bytes, plain; nothing of it holds yet. `keys` is the setting of keys.

    Raises SnapshotRefused, SnapshotOlder.
    """
    try:
        manifest, key_id = verified(head, trusted(keys))
    except SnapshotFault as fault:
        raise SnapshotRefused.because(fault) from None
    if manifest.published > datetime.now(UTC) + _EARLY:
        raise SnapshotRefused("The snapshot is of the future.")
    if not replay:
        await _refuse_older(manifest.feed, manifest.published)
    return await Snapshot.create(
        job_id=job_id,
        feed=manifest.feed,
        published=manifest.published,
        sha256=manifest.sha256,
        records=manifest.records,
        key_id=key_id,
        replay=replay,
        created_by=user_id,
    )


async def take(snapshot_id: UUID, path: Path, progress: Callable[[float], Awaitable[None]]) -> dict[str, Any]:
    """Let a snapshot hold, in the current transaction; return what that changed.

    Definitions and scores follow in it. Raises SnapshotRefused, SnapshotOlder, and what `progress` raises.
    """
    entry = await Snapshot.get(id=snapshot_id)
    try:
        await store.stage(path, _manifest(entry), progress)
    except SnapshotFault as fault:
        raise SnapshotRefused.because(fault) from None
    except FileNotFoundError:
        raise SnapshotRefused("The uploaded file is gone from the spool folder; upload it again.") from None
    await rollups.serialize()
    if not entry.replay:
        await _refuse_older(entry.feed, entry.published)
    stored = await store.merge(entry.feed)
    entry.added, entry.changed, entry.removed = stored.added, stored.changed, stored.removed
    # The transaction may have begun before that of a snapshot that held in between.
    entry.imported_at = await connection().fetchval("SELECT clock_timestamp()")
    entry.rescored = 0
    await entry.save()
    await progress(80)
    if entry.feed in _MOVES_SCORES:
        entry.rescored = await _apply(entry.created_by)
        await entry.save(update_fields=["rescored"])
    elif entry.feed == _SAYS_ALIASES:
        await flaws.observe(flaws.OF_ADVISED)
    return {
        "snapshotId": entry.id,
        "feed": entry.feed,
        "published": entry.published,
        "records": entry.records,
        "added": entry.added,
        "changed": entry.changed,
        "removed": entry.removed,
        "rescored": entry.rescored,
    }


async def _apply(by: UUID | None) -> int:
    await applying.tell_all()
    await rollups.changes_table()
    count = await rescore("d.id IN (SELECT id FROM retold WHERE moved)")
    await rollups.apply_changes(actor_id=by)
    return count


def _manifest(entry: Snapshot) -> Manifest:
    """Return what was signed, as it was noted when the signature was checked."""
    return Manifest(feed=entry.feed, published=entry.published, sha256=entry.sha256, records=entry.records)


async def _refuse_older(feed: str, published: datetime) -> None:
    held = await connection().fetchval(f"SELECT published FROM {CURRENT} s WHERE feed = $1", feed)
    if held is not None and published < held:
        raise SnapshotOlder(published=published, held=held)
