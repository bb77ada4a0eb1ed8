"""From a snapshot to its feed's table: read in a thread, copied in batches, merged by three statements."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threatweaver.sdk import analyze, connection, copy_rows
from threatweaver_exposure.engine.intel_snapshot import Manifest, SnapshotFault, records
from threatweaver_exposure.intelligence.feeds import FEEDS, Feed, Row

_BATCH = 5_000  # records
_MANY = 10_000  # changed rows; below, what autovacuum learns by itself is soon enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How many rows of the table the snapshot added, changed and removed."""

    added: int
    changed: int
    removed: int


async def stage(path: Path, manifest: Manifest, progress: Callable[[float], Awaitable[None]]) -> None:
    """Make the table intel_staged of a snapshot's rows. Raises SnapshotFault, and what `progress` raises."""
    feed = FEEDS[manifest.feed]
    await connection().execute(
        f"""CREATE TEMPORARY TABLE intel_staged ON COMMIT DROP AS
            SELECT {", ".join(feed.columns)} FROM {feed.table} WITH NO DATA"""
    )
    batches, done = _batches(path, manifest, feed), 0
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        await copy_rows("intel_staged", batch, list(feed.columns))
        done += _BATCH
        await progress(70 * min(1, done / max(1, manifest.records)))


def _batches(path: Path, manifest: Manifest, feed: Feed) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for line, record in records(path, manifest):
        try:
            batch += feed.rows(record)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise SnapshotFault(f"line {line} is no record of the feed {manifest.feed}") from None
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    yield batch


async def merge(name: str) -> Stored:
    """Make a feed's table what was staged; rows that are the same stay untouched."""
    feed, held = FEEDS[name], connection()
    keys, columns = ", ".join(feed.key), ", ".join(feed.columns)
    same = " AND ".join(f"n.{column} = t.{column}" for column in feed.key)
    await held.execute(
        f"""CREATE TEMPORARY TABLE intel_new ON COMMIT DROP AS
            SELECT DISTINCT ON ({keys}) {columns} FROM intel_staged ORDER BY {columns};
            CREATE INDEX ON intel_new ({keys});
            ANALYZE intel_new"""
    )
    removed = await held.execute(
        f"DELETE FROM {feed.table} t WHERE NOT EXISTS (SELECT 1 FROM intel_new n WHERE {same})"
    )
    changed = "UPDATE 0"
    if feed.values:
        mine, others = (", ".join(f"{of}.{column}" for column in feed.values) for of in "tn")
        changed = await held.execute(
            f"""UPDATE {feed.table} t SET ({", ".join(feed.values)}) = ROW({others}) FROM intel_new n
                WHERE {same} AND ({mine}) IS DISTINCT FROM ({others})"""
        )
    added = await held.execute(
        f"""INSERT INTO {feed.table} ({columns}) SELECT {columns} FROM intel_new n
            WHERE NOT EXISTS (SELECT 1 FROM {feed.table} t WHERE {same})"""
    )
    stored = Stored(added=_count(added), changed=_count(changed), removed=_count(removed))
    if stored.added + stored.changed + stored.removed >= _MANY:
        await analyze(feed.table)
    return stored


def _count(done: Any) -> int:
    return int(str(done).rsplit(" ", 1)[-1])
