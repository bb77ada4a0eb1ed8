"""Measures imports: from a request's first byte until lists and key figures show the findings."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import processes
from figures import Figure
from generate_nessus import generate
from product import Product

from threatweaver.sdk import Finding
from threatweaver_exposure.engine import nessus

_CHANGES = ("created", "updated", "reopened", "closed")
_SMALL = 40  # reports of a pipeline
_MARGIN = 1.02  # of a size that is to be reached: hosts differ
_COLUMNS = """seq int, asset int, check_id text, severity smallint, port int, protocol text, service text,
    output text"""


@dataclass(frozen=True, slots=True)
class _Imported:
    seconds: float
    cpu: float  # seconds of every process of the product and of PostgreSQL
    result: dict[str, Any]


def _import(product: Product, path: Path, token: str) -> _Imported:
    """Import and look: the clock stops when the new numbers have been read."""
    began, used = time.perf_counter(), _cpu(product)
    job = product.import_report(path, token)
    kpis = product.call("/api/dashboard/kpis", token=token)
    page = product.call("/api/vulnerabilities", token=token)
    seconds = time.perf_counter() - began
    if not kpis["totalVulnerabilities"] == page["meta"]["total"] >= job["result"]["findings"]:
        raise RuntimeError(f"the figures do not show the import: {kpis}, {page['meta']}, {job['result']}")
    return _Imported(seconds, _cpu(product) - used, job["result"])


def _cpu(product: Product) -> float:
    ours = processes.cpu_seconds(*product.processes().values())
    return ours + processes.cpu_seconds_of_tree(product.postmaster())


def import_and_repeat(product: Product, path: Path, *, findings: int) -> list[Figure]:
    """Import a report, then the same one three times again."""
    token = product.sign_in()
    first = _import(product, path, token)
    again = [_import(product, path, token) for _ in range(3)]
    changed = sum(item.result[name] for item in again for name in _CHANGES)
    parsed, copied = _parse_rate(path), asyncio.run(_copy_rate(product.dsn, path))
    rate = findings / first.seconds
    beside = (
        f"{first.cpu:.1f} CPU s; raw COPY {copied:,.0f}/s, parsing alone {parsed:,.0f}/s; "
        "DefectDojo 3.2 74-87/s, Faraday 21/s *"
    )
    figures = [
        Figure(name="first import", value=rate, unit="findings/s", goal=8_000, beside=beside),
        Figure(
            name="identical re-import, median of 3",
            value=findings / sorted(item.seconds for item in again)[1],
            unit="findings/s",
            goal=15_000,
            beside=f"{statistics.median(item.cpu for item in again):.1f} CPU s",
        ),
        Figure(name="created, updated, reopened, closed by it", value=changed, goal=0, best="low"),
    ]
    return [*figures, *peaks(product)]


def of_pipelines(product: Product, folder: Path) -> list[Figure]:
    """Import reports of a hundred findings as a pipeline does, which waits for the verdict."""
    token, path, taken = product.sign_in(), folder / "small.nessus", []
    for number in range(_SMALL):
        generate(path, findings=100, hosts=1, seed=number, first=500_000 + number)
        began = time.perf_counter()
        job = product.import_report(path, token, gate="severity=CRITICAL,HIGH&notTag=lab")
        taken.append(time.perf_counter() - began)
        if job["result"]["created"] != 100 or job["result"]["gate"]["verdict"] != "fail":
            raise RuntimeError(f"the report was new, and has what may not be: {job['result']}")
    path.unlink()
    p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    return [
        Figure(
            name=f"100 findings, answer with the verdict, p95 of {_SMALL}",
            value=p95,
            unit="s",
            digits=2,
            goal=1,
            best="low",
            beside=f"p50 {p50:.2f} s",
        )
    ]


def huge(product: Product, folder: Path, *, gigabytes: float) -> list[Figure]:
    """Import one report of this size and say what memory it took."""
    path, findings = folder / "huge.nessus", 10_000
    generate(path, findings=findings, hosts=findings // 50, seed=7)
    findings = round(gigabytes * 1e9 / path.stat().st_size * _MARGIN) * findings
    generate(path, findings=findings, hosts=findings // 50, seed=7)
    size, done = path.stat().st_size / 1e9, _import(product, path, product.sign_in())
    path.unlink()
    if done.result["created"] != findings:
        raise RuntimeError(f"expected {findings} new vulnerabilities: {done.result}")
    name = f"import of {findings:,} findings, {size:.2f} GB"
    return [Figure(name=name, value=findings / done.seconds, unit="findings/s"), *peaks(product)]


def peaks(product: Product) -> list[Figure]:
    """Return the highest memory of each process so far, and their sum."""
    found = {name: processes.peak_memory(pid) / 1e6 for name, pid in product.processes().items()}
    figures = [
        Figure(
            name=f"peak memory, {name}",
            value=megabytes,
            unit="MB",
            goal=256,
            best="low",
            beside="DefectDojo 3.2 926 MB *" if name == "worker" else "",
        )
        for name, megabytes in found.items()
    ]
    return [*figures, Figure(name="peak memory, their sum", value=sum(found.values()), unit="MB")]


def grow(product: Product, path: Path, token: str, *, findings: int) -> Figure:
    """Import one more report; return its rate."""
    done = _import(product, path, token)
    if done.result["created"] != findings:
        raise RuntimeError(f"expected {findings} new vulnerabilities: {done.result}")
    return Figure(name=f"import of {findings:,} findings", value=findings / done.seconds, unit="findings/s")


def _rows(path: Path) -> list[tuple[Any, ...]]:
    with path.open("rb") as file:
        parsed = enumerate(nessus.parse(file))
        return [(seq, *record) for seq, record in parsed if isinstance(record, Finding)]


def _parse_rate(path: Path) -> float:
    began = time.perf_counter()
    with path.open("rb") as file:
        count = sum(1 for record in nessus.parse(file) if isinstance(record, Finding))
    return count / (time.perf_counter() - began)


async def _copy_rate(dsn: str, path: Path) -> float:
    """COPY the same rows into a plain table without index: what this PostgreSQL can do at most."""
    rows = _rows(path)
    held = await asyncpg.connect(dsn)
    try:
        await held.execute(f"CREATE TABLE public.bench_raw ({_COLUMNS})")
        began = time.perf_counter()
        await held.copy_records_to_table("bench_raw", schema_name="public", records=rows)
        taken = time.perf_counter() - began
        await held.execute("DROP TABLE public.bench_raw")
    finally:
        await held.close()
    return len(rows) / taken
