"""Measures whether reads stay as cheap as the data grows: one tenant at 50,000 findings, one at a million.

Both live in the same installation and are asked in turns, so that what else the machine does hits both.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import importing
import processes
from figures import Figure
from generate_nessus import generate
from load_client import press
from product import Product

PATHS = ("/api/vulnerabilities?severity=CRITICAL", "/api/dashboard/kpis")
LARGE = "large@threatweaver.local"
"""Who administers the large tenant."""
_ROUNDS = 6
_REQUESTS = 100  # a round


@dataclass(slots=True)
class _Cost:
    """Seconds of the median request, CPU seconds of serve processes and PostgreSQL; a value each round."""

    latency: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def fill(product: Product, folder: Path, sizes: Sequence[int], *, per_host: int) -> tuple[str, list[Figure]]:
    """Import reports of other hosts one after the other into a new tenant; return its token."""
    token, figures, first = product.add_tenant(LARGE.partition("@")[0]), [], 0
    for number, findings in enumerate(sizes):
        hosts = max(1, findings // per_host)
        path = folder / f"growth-{number}.nessus"
        generate(path, findings=findings, hosts=hosts, seed=7, first=first)
        figures.append(importing.grow(product, path, token, findings=findings))
        path.unlink()
        first += hosts
    return token, figures


def compare(product: Product, small: str, large: str) -> list[Figure]:
    """Ask both tenants for the same pages in turns."""
    pids = product.servers()
    postmaster = product.postmaster()
    figures = []
    for path in PATHS:
        costs = {small: _Cost(), large: _Cost()}
        for token in (small, large):
            press(product.address, path, token=token, most=20)
        for _ in range(_ROUNDS):
            for token, cost in costs.items():
                _ask(product, path, token, cost, pids, postmaster)
        figures += _ratios(path, costs[small], costs[large])
    return figures


def _ask(product: Product, path: str, token: str, cost: _Cost, pids: list[int], postmaster: int) -> None:
    before = processes.cpu_seconds(*pids) + processes.cpu_seconds_of_tree(postmaster)
    load = press(product.address, path, token=token, most=_REQUESTS)
    after = processes.cpu_seconds(*pids) + processes.cpu_seconds_of_tree(postmaster)
    cost.latency.append(load.p50)
    cost.cpu.append((after - before) / load.requests)


def _ratios(path: str, small: _Cost, large: _Cost) -> list[Figure]:
    latencies = statistics.median(small.latency) * 1e3, statistics.median(large.latency) * 1e3
    cpu = statistics.mean(small.cpu) * 1e6, statistics.mean(large.cpu) * 1e6
    return [
        Figure(
            name=f"GET {path}: p50, large over small",
            value=latencies[1] / latencies[0],
            unit="x",
            digits=2,
            goal=1.5,
            best="low",
            beside=f"{latencies[0]:.2f} ms and {latencies[1]:.2f} ms, {_ROUNDS * _REQUESTS} requests each",
        ),
        Figure(
            name=f"GET {path}: CPU, large over small",
            value=cpu[1] / cpu[0],
            unit="x",
            digits=2,
            goal=1.5,
            best="low",
            beside=f"{cpu[0]:,.0f} µs and {cpu[1]:,.0f} µs a request, servers and PostgreSQL",
        ),
    ]
