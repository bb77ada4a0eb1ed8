"""Writing a list into chunks of a file, each committed while the job runs. No request, no status code."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.sdk import JobCancelled, JobRun, connection, uuid7
from threatweaver_exposure.exports import queries
from threatweaver_exposure.exports.layouts import LAYOUTS, Section
from threatweaver_exposure.exports.models import Export
from threatweaver_exposure.exports.resources import RESOURCES

CHUNK = 1 << 20  # bytes; a chunk ends with the row that fills it
_BATCH = 2000  # rows; two batches are in memory at a time


async def ask(
    *, resource: str, file_format: str, filters: Mapping[str, Any], within: list[UUID] | None, by: UUID
) -> Export:
    """Note an export that is to be written; `within` limits its rows to assets of these groups and tags."""
    return await Export.create(
        id=uuid7(),
        resource=resource,
        format=file_format,
        filters=dict(filters),
        within=within,
        state="queued",
        attempt=0,
        row_count=0,
        size=0,
        chunk_count=0,
        created_by=by,
    )


async def write(run: JobRun, export_id: UUID) -> dict[str, Any]:
    """Write an export's file; return its size. Raises JobCancelled when it was cancelled or deleted."""
    # As of one moment, whatever is imported meanwhile; chunks are written beside this transaction.
    await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    entry = await _begin(run, export_id)
    if entry.state != "completed":
        try:
            await _fill(run, entry)
        except BaseException as error:  # a timeout included
            state = "cancelled" if isinstance(error, JobCancelled) else "failed"
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # lost: it comes again
                async with run.database.tenant(run.schema):
                    await queries.settle(export_id, run.attempt, state)
            raise
    async with run.database.tenant(run.schema, read_only=True):
        done = await Export.get_or_none(id=export_id)
    if done is None:
        raise JobCancelled
    return {"exportId": str(done.id), "rows": done.row_count, "bytes": done.size, "chunks": done.chunk_count}


async def _begin(run: JobRun, export_id: UUID) -> Export:
    """Return the export, this attempt's now. One whose worker died after the last chunk is complete."""
    async with run.database.tenant(run.schema):
        entry = await Export.filter(id=export_id).select_for_update().first()
        if entry is None or entry.state == "cancelled":
            raise JobCancelled
        if entry.state != "completed":
            await queries.begin(export_id, run.attempt)
    return entry


async def _fill(run: JobRun, entry: Export) -> None:
    filters = queries.loaded(entry.resource, entry.filters, entry.within)
    layout, resource = LAYOUTS[entry.format], RESOURCES[entry.resource]
    total = await queries.count(entry.resource, filters)
    target = _Target(run=run, export_id=entry.id)
    for section in layout.sections(list(resource.listing(filters).columns)):
        ruling = section.of == "rules"
        if ruling:
            query, values = queries.rules(entry.resource, filters)
        else:
            query, values = await queries.written(entry.resource, filters, layout.spelling)
        shape = None if layout.flat or ruling else resource.shape
        await target.text(section.head)
        async for pieces in _pieces(section, query, values, shape):
            await target.add(pieces, counted=not ruling)
            await run.progress(100 * target.rows / max(total, 1))
        await target.text(section.tail())
    await target.finish()


async def _pieces(section: Section, query: str, values: list[Any], shape: Any) -> AsyncIterator[list[bytes]]:
    """Yield a section's rows as bytes, a batch at a time, from a cursor of the server's."""
    cursor = await connection().cursor(query, *values)
    records, first = await cursor.fetch(_BATCH), True
    while records:
        # in a thread: a batch takes long enough for requests to wait, and for the database to bring the next
        encoding = asyncio.to_thread(_encode, section, records, shape, first)
        pieces, records = await asyncio.gather(encoding, cursor.fetch(_BATCH))
        yield pieces
        first = False


def _encode(section: Section, records: list[asyncpg.Record], shape: Any, first: bool) -> list[bytes]:  # noqa: FBT001 - for to_thread
    rows = records if shape is None else [shape(dict(record)) for record in records]
    return section.pieces(rows, first=first)


@dataclass(slots=True, kw_only=True)
class _Target:
    """The file as it grows: what is not a chunk yet is in memory, the rest in the database."""

    run: JobRun
    export_id: UUID
    rows: int = 0
    number: int = 0
    held: bytearray = field(default_factory=bytearray)

    async def text(self, text: bytes) -> None:
        """Add what is no row."""
        self.held += text

    async def add(self, pieces: list[bytes], *, counted: bool) -> None:
        """Add rows; those of the resource count. Raises JobCancelled."""
        for piece in pieces:
            self.held += piece
            self.rows += counted
            if len(self.held) >= CHUNK:
                await self._flush()

    async def finish(self) -> None:
        """Add the last chunk and say that the file is complete. Raises JobCancelled."""
        if self.held:
            await self._flush()
        async with self.run.database.tenant(self.run.schema):
            if not await queries.settle(self.export_id, self.run.attempt, "completed"):
                raise JobCancelled

    async def _flush(self) -> None:
        content, self.held = bytes(self.held), bytearray()
        self.number += 1
        digest = hashlib.sha256(content).hexdigest()
        async with self.run.database.tenant(self.run.schema):
            if not await queries.add_chunk(
                self.export_id,
                self.run.attempt,
                number=self.number,
                rows_until=self.rows,
                content=content,
                sha256=digest,
            ):
                raise JobCancelled
