"""Measures reading everything: a list by cursor to its end, and lists as files.

In a product that was just started, so that the peaks of memory are those of reading.
"""

import http.client
import json
import time
from urllib.parse import quote

import processes
from figures import Figure
from product import Product

_LIMIT = 500
_LIST = f"/api/vulnerabilities?state=all&sort=firstSeen&limit={_LIMIT}"
_FORMATS = {"csv": 60.0, "ndjson": None, "xlsx": None}
"""Format → most seconds for a million rows, by the issue."""
_MEMORY = 256  # MB


def page_all(product: Product, token: str, *, rows: int) -> list[Figure]:
    """Read the whole list by cursor over one connection; every row must come once. Raises RuntimeError."""
    link = http.client.HTTPConnection(*product.address, timeout=60)
    seen: set[str] = set()
    cursor, count, pages = "", 0, []
    try:
        while cursor is not None:
            began = time.perf_counter()
            behind = f"&cursor={quote(cursor)}" if cursor else ""
            link.request("GET", _LIST + behind, headers={"Authorization": f"Bearer {token}"})
            answer = link.getresponse()
            body = json.loads(answer.read())
            if answer.status != 200:
                raise RuntimeError(f"{_LIST} answered {answer.status}: {body}")
            pages.append(time.perf_counter() - began)
            seen.update(row["id"] for row in body["data"])
            count += len(body["data"])
            cursor = body["meta"]["nextCursor"]
    finally:
        link.close()
    if not len(seen) == count == rows:
        raise RuntimeError(f"{count} rows came, {len(seen)} different ones, of {rows}")
    pages.sort()
    first, last = sum(pages[: len(pages) // 10]), sum(pages[-len(pages) // 10 :])
    return [
        Figure(
            name=f"paging {rows:,} rows by {_LIMIT}",
            value=rows / sum(pages),
            unit="rows/s",
            beside=f"{sum(pages):,.1f} s; median page {pages[len(pages) // 2] * 1e3:,.0f} ms, "
            f"fastest tenth {first * 1e4 / len(pages):,.0f} ms, slowest {last * 1e4 / len(pages):,.0f} ms",
        )
    ]


def export_all(product: Product, token: str, *, rows: int) -> list[Figure]:
    """Export the list in each format and fetch it. Raises RuntimeError when rows are missing."""
    figures = []
    for file_format, goal in _FORMATS.items():
        began, used = time.perf_counter(), _cpu(product)
        body = {"resource": "vulnerabilities", "format": file_format, "filter": {"state": "all"}}
        job = product.call("/api/export", token=token, body=body, Prefer="wait=60")
        while job["status"] in {"queued", "running"}:
            time.sleep(0.1)
            job = product.call(job["statusUrl"], token=token)
        written, used = time.perf_counter() - began, _cpu(product) - used
        if job["status"] != "completed" or job["result"]["rows"] != rows:
            raise RuntimeError(f"the export ended as {job['status']}: {job.get('error') or job['result']}")
        size = _download(product, token, job["jobId"])
        seconds = time.perf_counter() - began
        if size != job["result"]["bytes"]:
            raise RuntimeError(f"{size} bytes came of {job['result']['bytes']}")
        figures.append(
            Figure(
                name=f"{file_format.upper()} of {rows:,} rows, asked for and fetched",
                value=seconds,
                unit="s",
                digits=1,
                goal=goal,
                best="low",
                beside=f"written in {written:,.1f} s with {used:,.1f} s of CPU, {size / 1e6:,.0f} MB",
            )
        )
    return [*figures, *_peaks(product)]


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
    ]
