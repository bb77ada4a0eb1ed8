"""Measures reading everything: a list by cursor to its end, and lists as files.

In a product that was just started, so that the peaks of memory are those of reading.
"""

import asyncio
import http.client
import time
from collections import Counter

import asyncpg
import paging
import processes
from figures import Figure
from filling import schema_of
from product import Product

from threatweaver_exposure.exports import queries

_FORMATS = {"csv": 60.0, "json": None, "ndjson": None, "xlsx": None, "sarif": None}
"""Format → most seconds for a million rows, by the issue."""
_MEMORY = 256  # MB
_EVERY = {"state": "all"}


def page_all(product: Product, token: str, *, rows: int) -> tuple[Counter[str], list[Figure]]:
    """Read the whole list by cursor; return how often each id came. Raises RuntimeError unless once."""
    seen, pages = paging.walk(product, token)
    if not len(seen) == seen.total() == rows:
        raise RuntimeError(f"{seen.total()} rows came, {len(seen)} different ones, of {rows}")
    pages.sort()
    first, last = sum(pages[: len(pages) // 10]), sum(pages[-len(pages) // 10 :])
    return seen, [
        Figure(
            name=f"paging {rows:,} rows by {paging.LIMIT}",
            value=rows / sum(pages),
            unit="rows/s",
            beside=f"{sum(pages):,.1f} s; median page {pages[len(pages) // 2] * 1e3:,.0f} ms, "
            f"fastest tenth {first * 1e4 / len(pages):,.0f} ms, slowest {last * 1e4 / len(pages):,.0f} ms",
        )
    ]


def export_all(product: Product, token: str, *, rows: int) -> list[Figure]:
    """Export the list in each format and fetch it, beside the bare limit. Raises RuntimeError."""
    figures = [asyncio.run(_bare(product.dsn, rows))]
    for file_format, goal in _FORMATS.items():
        figures += _export(product, token, file_format, goal=goal, rows=rows)
    return [*figures, *_peaks(product)]


def _export(product: Product, token: str, file_format: str, *, goal: float | None, rows: int) -> list[Figure]:
    worker = product.processes()["worker"]
    processes.forget_peak(worker)
    before, began, used = processes.memory(worker), time.perf_counter(), _cpu(product)
    body = {"resource": "vulnerabilities", "format": file_format, "filter": _EVERY}
    job = product.call("/api/export", token=token, body=body, Prefer="wait=60")
    while job["status"] in {"queued", "running"}:
        time.sleep(0.1)
        job = product.call(job["statusUrl"], token=token)
    written, used = time.perf_counter() - began, _cpu(product) - used
    if job["status"] != "completed" or job["result"]["rows"] != rows:
        raise RuntimeError(f"the export ended as {job['status']}: {job.get('error') or job['result']}")
    peak = processes.peak_memory(worker) / 1e6
    size = _download(product, token, job["jobId"])
    seconds = time.perf_counter() - began
    if size != job["result"]["bytes"]:
        raise RuntimeError(f"{size} bytes came of {job['result']['bytes']}")
    name = f"{file_format.upper()} of {rows:,} rows"
    return [
        Figure(
            name=f"{name}, asked for and fetched",
            value=seconds,
            unit="s",
            digits=1,
            goal=goal,
            best="low",
            beside=f"written in {written:,.1f} s ({rows / written:,.0f} rows/s) "
            f"with {used:,.1f} s of CPU, {size / 1e6:,.0f} MB",
        ),
        Figure(
            name=f"{name}, peak memory of the worker",
            value=peak,
            unit="MB",
            goal=_MEMORY,
            best="low",
            beside=f"{before / 1e6:,.0f} MB before",
        ),
    ]


async def _bare(dsn: str, rows: int) -> Figure:
    """Let PostgreSQL alone write the same columns in the same order: nothing here can be faster."""
    size = 0

    async def count(data: bytes) -> None:
        nonlocal size
        size += len(data)

    filters = queries.loaded("vulnerabilities", _EVERY, None)
    query, values = queries.rows("vulnerabilities", filters)
    held = await asyncpg.connect(dsn)
    try:
        await held.execute("SELECT set_config('search_path', $1, false)", await schema_of(held))
        began = time.perf_counter()
        status = await held.copy_from_query(query, *values, output=count, format="csv", header=True)
        seconds = time.perf_counter() - began
    finally:
        await held.close()
    if status != f"COPY {rows}":
        raise RuntimeError(f"the bare copy ended as {status}")
    return Figure(
        name=f"COPY (SELECT …) TO STDOUT of {rows:,} rows, the bare limit",
        value=seconds,
        unit="s",
        digits=1,
        beside=f"{rows / seconds:,.0f} rows/s, {size / 1e6:,.0f} MB",
    )


def _cpu(product: Product) -> float:
    """Return CPU seconds so far of the worker and PostgreSQL."""
    worker = product.processes()["worker"]
    return processes.cpu_seconds(worker) + processes.cpu_seconds_of_tree(product.postmaster())


def _download(product: Product, token: str, export_id: str) -> int:
    link = http.client.HTTPConnection(*product.address, timeout=600)
    size = 0
    try:
        path = f"/api/export/{export_id}/download"
        link.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = link.getresponse()
        while part := answer.read(1 << 20):
            size += len(part)
    finally:
        link.close()
    return size


def _peaks(product: Product) -> list[Figure]:
    return [
        Figure(
            name=f"peak memory while reading, {name}",
            value=processes.peak_memory(pid) / 1e6,
            unit="MB",
            goal=_MEMORY,
            best="low",
        )
        for name, pid in product.processes().items()
        if name != "worker"  # whose peak is told with each file
    ]
