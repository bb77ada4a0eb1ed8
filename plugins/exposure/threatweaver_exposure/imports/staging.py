"""From a parsed report to temporary tables: a thread parses, COPY carries batches over."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from threatweaver.sdk import Coverage, ImportParser, connection
from threatweaver_exposure.imports import rows
from threatweaver_exposure.imports.rows import Batch

_AHEAD = 2  # batches the parser may be ahead of COPY
_STOPPING = 10  # seconds that a parser may take to end its work when nobody wants it any more

_TABLES = """
CREATE TEMPORARY TABLE staged_host (
    seq int, number int NOT NULL, name text NOT NULL, operating_system text,
    started_at timestamptz, finished_at timestamptz, finished bool, authenticated bool
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_identifier (
    seq int, host int, kind text, value text, strength smallint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_definition (
    seq int, number int, plugin_id bigint, check_id text, name text NOT NULL, family text NOT NULL,
    synopsis text NOT NULL, description text NOT NULL, solution text NOT NULL, see_also text[] NOT NULL,
    cves text[] NOT NULL, cwes int[] NOT NULL, "references" text[] NOT NULL,
    cvss2_score float8, cvss2_vector text, cvss3_score float8, cvss3_vector text,
    cvss4_score float8, cvss4_vector text, vpr_score float8, epss_score float8,
    exploit_available bool, kev bool, published_on date, patch_published_on date, modified_on date,
    digest uuid
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_finding (
    seq int, host int, definition int, port int, protocol text NOT NULL, service text NOT NULL,
    severity smallint, output text, location text NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_fixed (
    host int, definition int, port int, protocol text NOT NULL
) ON COMMIT DROP;
"""
# What asyncpg's encoders and PostgreSQL say of a value that is of the wrong kind.
_NO_VALUE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    AttributeError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(slots=True)
class Staged:
    """What was staged."""

    findings: int = 0
    coverage: list[Coverage] = field(default_factory=list)


async def stage(
    progress: Callable[[float], Awaitable[None]], path: Path, parser: ImportParser, subject: str
) -> Staged:
    """Fill the temporary tables from a report; `subject` is what it is about if it does not say so.

    `progress` hears 0 to 80. Raises ReportError, and what `progress` raises.
    """
    held = connection()
    await held.execute(_TABLES)
    # A tenth of the usual sample: joins here are chosen by sizes, not by how values spread.
    await held.execute("SET LOCAL default_statistics_target = 10")
    staged, size = Staged(), max(1, path.stat().st_size)
    async with aclosing(_ahead(path, parser, subject)) as batches:
        async for batch in batches:
            await _copy(parser, batch)
            staged.findings += len(batch.findings)
            staged.coverage += batch.coverage
            await progress(80 * batch.position / size)
    await held.execute("ANALYZE staged_host, staged_identifier, staged_definition, staged_finding")
    return staged


async def _copy(parser: ImportParser, batch: Batch) -> None:
    tables = {
        "staged_host": batch.assets,
        "staged_identifier": batch.identifiers,
        "staged_definition": batch.definitions,
        "staged_finding": batch.findings,
        "staged_fixed": batch.fixed,
    }
    for name, records in tables.items():
        if records:
            try:
                await connection().copy_records_to_table(name, records=records)
            except _NO_VALUE as error:
                raise rows.failed(parser, "it holds a value of the wrong kind") from error


async def _ahead(path: Path, parser: ImportParser, subject: str) -> AsyncGenerator[Batch, None]:
    """Parse in a thread, at most _AHEAD batches ahead of whoever asks.

    The thread is this parser's own from first to last: lxml keeps names per thread without a lock, and a
    tree that grows in a thread where another one began corrupts both.
    """
    batches = rows.read(parser, path, subject)
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "parser")
    waiting: list[asyncio.Future[Batch | None]] = []
    try:
        while True:
            while len(waiting) < _AHEAD:
                waiting.append(loop.run_in_executor(thread, next, batches, None))
            batch = await waiting.pop(0)
            if batch is None:
                return
            yield batch
    finally:
        for future in waiting:
            future.cancel()
        closing = loop.run_in_executor(thread, batches.close)
        thread.shutdown(wait=False)
        await asyncio.wait([closing], timeout=_STOPPING)
