"""Measures paging through everything while imports run: each row that stays has to come exactly once."""

import http.client
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from figures import Figure
from filling import PER_HOST, SEED
from generate_nessus import generate
from product import Product

LIMIT = 500
_LIST = f"/api/vulnerabilities?state=all&sort=firstSeen&limit={LIMIT}"
_REPORT = 2_000  # findings of a report that comes in beside
_FAR = 100_000  # hosts that no report before names begin behind these


def walk(product: Product, token: str) -> tuple[Counter[str], list[float]]:
    """Read the whole list by cursor over one connection; return how often each id came, seconds of pages."""
    link = http.client.HTTPConnection(*product.address, timeout=60)
    seen: Counter[str] = Counter()
    cursor, pages = "", []
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
            cursor = body["meta"]["nextCursor"]
    finally:
        link.close()
    return seen, pages


def while_imports_run(product: Product, folder: Path, token: str, there: Counter[str]) -> list[Figure]:
    """Read all while reports are imported; `there` are the rows of before. Raises RuntimeError."""
    imports = _Imports(product, folder, token)
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(imports.run)
        try:
            seen, pages = walk(product, token)
            merged = len(imports.changed)  # those that ended while pages were read
        finally:
            imports.over.set()
        beside.result()
    if not sum(imports.changed[:merged]):
        raise RuntimeError("no import changed anything while the list was read")
    reports = f"{merged} imports of {_REPORT:,} changed {sum(imports.changed[:merged]):,} rows meanwhile"
    twice = sum(1 for count in seen.values() if count > 1)
    missed = sum(1 for key in there if key not in seen)
    name = f"{len(there):,} rows by cursor beside imports"
    rate = seen.total() / sum(pages)
    return [
        Figure(name=f"{name}, seen twice", value=twice, goal=0, best="low", beside=reports),
        Figure(name=f"{name}, missed", value=missed, goal=0, best="low"),
        Figure(name=name, value=rate, unit="rows/s", beside=f"{sum(pages):,.1f} s"),
    ]


class _Imports:
    """Reports of hosts that are new, one after the other, until somebody says that it is over.

    Those of known hosts would change nothing: what the generator writes of a host has one date.
    """

    def __init__(self, product: Product, folder: Path, token: str) -> None:
        self._product, self._token = product, token
        self._path = folder / "beside.nessus"
        self.over = threading.Event()
        self.changed: list[int] = []

    def run(self) -> None:
        """Import until it is over; `changed` grows by how many rows each report changed."""
        try:
            while not self.over.is_set():
                self._report(len(self.changed))
                result = self._product.import_report(self._path, self._token)["result"]
                self.changed.append(
                    sum(result[name] for name in ("created", "updated", "reopened", "closed"))
                )
        finally:
            self._path.unlink(missing_ok=True)

    def _report(self, number: int) -> None:
        hosts = _REPORT // PER_HOST
        first = _FAR + number * hosts
        generate(self._path, findings=_REPORT, hosts=hosts, seed=SEED, first=first)
