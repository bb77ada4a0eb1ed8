"""Measures what the kernel costs: one page of a list, served bare and served by the product."""

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import processes
from figures import Figure
from load_client import press
from product import Product

from threatweaver import running
from threatweaver.db.transaction import Database
from threatweaver.http.answers import Answers
from threatweaver_exposure.vulnerabilities.queries import LISTING

LIMIT = 50
_CONNECTIONS = 8
_ROUNDS = 5
_PATH = f"/api/vulnerabilities?limit={LIMIT}"


@dataclass(slots=True)
class _Runs:
    """Requests per second, and CPU µs a request of the server and of PostgreSQL, a value each round."""

    rate: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)


async def _statements(dsn: str) -> dict[str, Any]:
    """Let the product's own listing run once, and note what it sends to PostgreSQL."""
    database = Database(dsn, size=1)
    await database.open()
    try:
        async with database.control(read_only=True) as unit:
            schema = await unit.connection.fetchval("SELECT schema FROM tenant ORDER BY created_at LIMIT 1")
        noted: list[tuple[str, tuple[Any, ...]]] = []
        keeping = SimpleNamespace(answers=Answers())  # as a process that serves: a total is counted once
        async with database.tenant(schema, read_only=True) as unit:
            query = LISTING.query().load({"limit": str(LIMIT)})
            with running.on(keeping):
                await LISTING.page(query, b"a key")  # asyncpg asks for types it does not know yet
                with unit.connection.query_logger(lambda sent: noted.append((sent.query, sent.args))):
                    await LISTING.page(query, b"a key")
                    await asyncio.sleep(0)  # asyncpg tells its loggers in the loop's next turn
    finally:
        await database.close()
    return {"schema": schema, "statements": noted, "limit": LIMIT}


@contextmanager
def _bare(product: Product, folder: Path) -> Iterator[tuple[tuple[str, int], int]]:
    """Run the bare server; give its address and process id."""
    plan = folder / "statements.json"
    plan.write_bytes(orjson.dumps(asyncio.run(_statements(product.dsn))))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    script = Path(__file__).with_name("bare_server.py")
    process = subprocess.Popen([sys.executable, script, product.dsn, str(address[1]), plan])
    try:
        deadline = time.monotonic() + 20
        while socket.socket().connect_ex(address):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the bare server did not start")
            time.sleep(0.05)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _round(
    runs: _Runs, address: tuple[str, int], path: str, pids: tuple[int, int], *, token: str, seconds: float
) -> None:
    server, postmaster = pids
    before = processes.cpu_seconds(server), processes.cpu_seconds_of_tree(postmaster)
    load = press(address, path, token=token, connections=_CONNECTIONS, seconds=seconds)
    after = processes.cpu_seconds(server), processes.cpu_seconds_of_tree(postmaster)
    runs.rate.append(load.rate)
    runs.server.append((after[0] - before[0]) / load.requests * 1e6)
    runs.database.append((after[1] - before[1]) / load.requests * 1e6)


def compare(product: Product, folder: Path, *, seconds: float = 4.0) -> list[Figure]:
    """Serve the same page both ways in turns; the product must run one serve process."""
    token, (server,) = product.sign_in(), product.servers()
    bare, real, postmaster = _Runs(), _Runs(), product.postmaster()
    with _bare(product, folder) as (address, pid):
        press(address, "/", connections=_CONNECTIONS, seconds=1)
        press(product.address, _PATH, token=token, connections=_CONNECTIONS, seconds=1)
        for _ in range(_ROUNDS):
            _round(bare, address, "/", (pid, postmaster), token="", seconds=seconds)
            _round(real, product.address, _PATH, (server, postmaster), token=token, seconds=seconds)
    shares = [100 * ours / theirs for ours, theirs in zip(real.rate, bare.rate, strict=True)]
    return [
        Figure(
            name="(a) bare aiohttp + asyncpg + orjson",
            value=_mid(bare.rate),
            unit="requests/s",
            beside=_cpu(bare),
        ),
        Figure(name=f"(b) GET {_PATH}", value=_mid(real.rate), unit="requests/s", beside=_cpu(real)),
        Figure(
            name="(b) of (a), median of the rounds",
            value=_mid(shares),
            unit="%",
            goal=40,
            beside=f"lowest {min(shares):.0f} %, highest {max(shares):.0f} %; "
            f"by the servers' CPU time {100 * _mid(bare.server) / _mid(real.server):.0f} %",
        ),
    ]


def _mid(values: list[float]) -> float:
    return statistics.median(values)


def _cpu(runs: _Runs) -> str:
    return f"CPU a request: server {_mid(runs.server):,.0f} µs, PostgreSQL {_mid(runs.database):,.0f} µs"
