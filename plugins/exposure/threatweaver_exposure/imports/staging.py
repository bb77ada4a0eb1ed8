"""From a parsed report to temporary tables: a thread parses, one COPY carries everything over."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from threatweaver.sdk import ImportParser, connection, copy_rows
from threatweaver_exposure.imports import rows
from threatweaver_exposure.imports.rows import Batch, Row

_AHEAD = 2  # batches the parser may be ahead of COPY
_STOPPING = 10  # seconds that a parser may take to end its work when nobody wants it any more

# What lives for a moment is not compressed, which would cost more than all else: neither a row that fits a
# page nor an object that does not. Where all texts are bounded, a table has no second one for long values.
_AS_IT_IS = "WITH (toast_tuple_target = 8160)"
_TABLES = f"""
CREATE TEMPORARY TABLE staged (
    kind smallint, seq int, host int, definition int, port int, protocol text, service text,
    severity smallint, output text, location text, told json
) PARTITION BY LIST (kind) ON COMMIT DROP;
ALTER TABLE staged ALTER told SET STORAGE EXTERNAL;
CREATE TEMPORARY TABLE staged_finding PARTITION OF staged (
    protocol NOT NULL, service NOT NULL, location NOT NULL
) FOR VALUES IN ({rows.FINDING}) {_AS_IT_IS} ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_other PARTITION OF staged DEFAULT {_AS_IT_IS} ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_identifier (
    host int, kind varchar(16), value varchar(255), strength smallint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_definition (
    seq int, number int, plugin_id bigint, check_id text, name text NOT NULL, family text NOT NULL,
    synopsis text NOT NULL, description text NOT NULL, solution text NOT NULL, see_also text[] NOT NULL,
    cves text[] NOT NULL, cwes int[] NOT NULL, "references" text[] NOT NULL,
    cvss2_score float8, cvss2_vector text, cvss3_score float8, cvss3_vector text,
    cvss4_score float8, cvss4_vector text, vpr_score float8, epss_score float8,
    exploit_available bool, kev bool, published_on date, patch_published_on date, modified_on date,
    digest uuid
) {_AS_IT_IS} ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_fixed (
    host int, definition int, port int, protocol varchar(16) NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE paired (host int, asset_id uuid, is_new bool, place int) ON COMMIT DROP;
"""
# A tenth of the usual sample: joins of a merge are chosen by sizes, not by how values spread. Generic plans,
# which PostgreSQL may choose once a connection has seen a statement five times, would know nothing of the
# sizes: a hundred thousand checks would be searched one by one for each row.
_SETTINGS = """
SET LOCAL default_statistics_target = 10;
SET LOCAL work_mem = '64MB';
SET LOCAL plan_cache_mode = force_custom_plan;
"""
# One row of what statements need to know. A report without dates happened when its bytes first came in, so
# importing it again changes nothing.
_IMPORTING = """
CREATE TEMPORARY TABLE importing ON COMMIT DROP AS
SELECT i.id, $2::varchar(32) AS source, coalesce($3::timestamptz, (
           SELECT min(o.created_at) FROM exposure_import o
           WHERE o.sha256 = i.sha256 AND NOT o.dry_run AND o.reverted_at IS NULL), i.created_at) AS undated
FROM exposure_import i WHERE i.id = $1
"""
# No scan is later than the import but for a day of time zones: a scanner's wrong clock would otherwise make
# every later report an older one, which changes nothing.
_SORT_OUT = f"""
INSERT INTO staged_identifier SELECT i.* FROM staged_other s,
    json_populate_recordset(NULL::staged_identifier, s.told->'identifiers') i WHERE s.kind = {rows.HOST};
INSERT INTO staged_definition
SELECT d.* FROM staged_other s, json_populate_record(NULL::staged_definition, s.told) d
WHERE s.kind = {rows.DEFINITION};
CREATE TEMPORARY TABLE host_now ON COMMIT DROP AS
SELECT DISTINCT ON (h.number) h.number AS host, h.name, h.operating_system, h.authenticated, h.finished,
       least(coalesce(h.finished_at, h.started_at, i.undated), i.undated + interval '1 day') AS seen_at
FROM staged_other s CROSS JOIN importing i, json_to_record(s.told) AS h(
    seq int, number int, name text, operating_system text, started_at timestamptz, finished_at timestamptz,
    finished bool, authenticated bool)
WHERE s.kind = {rows.HOST} ORDER BY h.number, h.seq DESC;
ANALYZE importing, host_now, staged_identifier, staged_definition, staged_finding;
INSERT INTO staged_fixed SELECT f.* FROM staged_other s, json_populate_record(NULL::staged_fixed, s.told) f
WHERE s.kind = {rows.FIXED};
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


@dataclass(slots=True, kw_only=True)
class Staged:
    """What is imported: whose definitions it names, how many findings were staged, how many are said fixed.

    `subject` is what the report is about if it does not say so itself; `undated` is the time of a scan
    without one, None when it is that of the first upload.
    """

    import_id: UUID
    source: str
    subject: str
    undated: datetime | None = None
    findings: int = 0
    fixed: int = 0


async def stage(
    progress: Callable[[float], Awaitable[None]], path: Path, parser: ImportParser, staged: Staged
) -> None:
    """Fill the temporary tables from a report; `paired` is left empty, for matching to fill.

    `progress` hears 0 to 80. Raises ReportError, and what `progress` raises.
    """
    size = max(1, path.stat().st_size)
    await connection().execute(_TABLES + _SETTINGS)
    await connection().execute(_IMPORTING, staged.import_id, staged.source, staged.undated)

    async def records() -> AsyncGenerator[Row, None]:
        async with aclosing(_ahead(path, parser, staged.subject)) as batches:
            async for batch in batches:
                for row in batch.rows:
                    yield row
                staged.findings += batch.findings
                await progress(80 * batch.position / size)

    try:
        async with aclosing(records()) as found:
            await copy_rows("staged", found)
        sorted_out: str = await connection().execute(_SORT_OUT)
        staged.fixed = int(sorted_out.rsplit(" ", 1)[-1])
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
