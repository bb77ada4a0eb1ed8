"""From a parsed report to temporary tables: a thread parses, COPY carries batches over."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from threatweaver.sdk import JobRun, connection
from threatweaver_exposure.engine.formats import Format
from threatweaver_exposure.engine.report import Definition, Finding, Host, Scan
from threatweaver_exposure.engine.risk import score

_BATCH = 4_000  # records
_BATCH_BYTES = 8 << 20  # of the report, where single outputs are long: one may have 10 MB
_AHEAD = 2  # batches the parser may be ahead of COPY

# Strongest first; what a host and an asset share here makes them one (docs/plugins/exposure.md).
KINDS = ("agent_uuid", "tenable_uuid", "bios_uuid", "mac", "fqdn", "netbios", "hostname", "ip", "name")

_TABLES = """
CREATE TEMPORARY TABLE staged_host (
    seq int, number int, name text, operating_system text,
    started_at timestamptz, finished_at timestamptz, authenticated bool
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_identifier (
    seq int, host int, kind text, value text, strength smallint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_definition (
    seq int, plugin_id bigint, name text, family text, synopsis text, description text, solution text,
    see_also text[], cves text[], cwes int[], "references" text[],
    cvss2_score float8, cvss2_vector text, cvss3_score float8, cvss3_vector text,
    cvss4_score float8, cvss4_vector text, vpr_score float8, epss_score float8,
    exploit_available bool, kev bool, published_on date, patch_published_on date, modified_on date,
    score smallint, digest uuid
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_finding (
    seq int, host int, plugin_id bigint, port int, protocol text, service text, severity smallint, output text
) ON COMMIT DROP;
"""
_NAMES = ("staged_host", "staged_identifier", "staged_definition", "staged_finding")


@dataclass(slots=True)
class Staged:
    """What was staged."""

    findings: int = 0
    checks: frozenset[int] | None = None


@dataclass(slots=True)
class _Batch:
    """Rows of the four tables, and how far the parser is in the file."""

    rows: tuple[list[Any], list[Any], list[Any], list[Any]]
    checks: frozenset[int] | None
    position: int


async def stage(run: JobRun, path: Path, format_: Format) -> Staged:
    """Fill the temporary tables from a report. Raises ReportError, JobCancelled."""
    held = connection()
    await held.execute(_TABLES)
    # A tenth of the usual sample: joins here are chosen by sizes, not by how values spread.
    await held.execute("SET LOCAL default_statistics_target = 10")
    staged, size = Staged(), max(1, path.stat().st_size)
    async with aclosing(_ahead(path, format_)) as batches:
        async for batch in batches:
            for name, rows in zip(_NAMES, batch.rows, strict=True):
                if rows:
                    await held.copy_records_to_table(name, records=rows)
            staged.findings += len(batch.rows[3])
            staged.checks = batch.checks if batch.checks is not None else staged.checks
            await run.progress(80 * batch.position / size)
    await held.execute("ANALYZE staged_host, staged_identifier, staged_definition, staged_finding")
    return staged


async def _ahead(path: Path, format_: Format) -> AsyncGenerator[_Batch, None]:
    """Parse in a thread, at most _AHEAD batches ahead of whoever asks.

    The thread is this parser's own from first to last: lxml keeps names per thread without a lock, and a
    tree that grows in a thread where another one began corrupts both.
    """
    batches = _batches(path, format_)
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "parser")
    waiting: list[asyncio.Future[_Batch | None]] = []
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
        await closing


def _batches(path: Path, format_: Format) -> Generator[_Batch, None, None]:
    with path.open("rb") as file:
        batch = _Batch(([], [], [], []), None, 0)
        count = start = 0
        for seq, record in enumerate(format_.parse(file)):
            hosts, identifiers, definitions, findings = batch.rows
            if type(record) is Finding:
                findings.append((seq, *record))
            elif type(record) is Definition:
                definitions.append(_definition(seq, record))
            elif type(record) is Host:
                hosts.append(_host(seq, record))
                identifiers.extend(_identifiers(seq, record))
            elif type(record) is Scan:
                batch.checks = record.checks
            count += 1
            if count == _BATCH or file.tell() - start > _BATCH_BYTES:
                batch.position = start = file.tell()
                yield batch
                batch, count = _Batch(([], [], [], []), None, 0), 0
        batch.position = file.tell()
        yield batch


def _host(seq: int, host: Host) -> tuple[Any, ...]:
    return (
        seq,
        host.number,
        host.name[:255],
        host.operating_system and host.operating_system[:500],
        host.started_at,
        host.finished_at,
        host.authenticated,
    )


def _identifiers(seq: int, host: Host) -> Iterator[tuple[Any, ...]]:
    for kind, value in host.identifiers or (("name", host.name),):
        yield seq, host.number, kind, value[:255], KINDS.index(kind)


def _definition(seq: int, item: Definition) -> tuple[Any, ...]:
    values = (
        item.plugin_id,
        item.name,
        item.family,
        item.synopsis,
        item.description,
        item.solution,
        item.see_also,
        item.cves,
        item.cwes,
        item.xrefs,
        item.cvss2_score,
        item.cvss2_vector,
        item.cvss3_score,
        item.cvss3_vector,
        item.cvss4_score,
        item.cvss4_vector,
        item.vpr_score,
        item.epss_score,
        item.exploit_available,
        item.kev,
        item.published_on,
        item.patch_published_on,
        item.plugin_modified_on,
        _score(item),
    )
    digest = hashlib.md5(orjson.dumps(values), usedforsecurity=False).digest()
    return (seq, *values, UUID(bytes=digest))


def _score(item: Definition) -> int | None:
    """Return the risk score where the report carries inputs for one; else the severity decides, in SQL."""
    inputs = (item.cvss3_score, item.cvss2_score, item.vpr_score, item.epss_score)
    return score(*inputs, severity=1) if any(value is not None for value in inputs) else None
