"""Measures license imports that toggle a module under load on another: lost requests, latency, spread."""

import http.client
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import many_plugins
import product
from figures import Figure
from product import Product

from threatweaver_licensing import Claims, generate_key, issue, public_pem

_IMPORTS, _EVERY, _RATE = 20, 1.5, 500
_MODULE, _SERVED, _TOGGLED = (
    "toggled",
    "/api/tags",
    "/api/toggled/parts-0/0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e",
)
_KEY = generate_key()


class _Request(NamedTuple):
    begun: float
    taken: float
    status: int


def _licenses() -> Iterator[tuple[bool, str]]:
    """Licenses with and without the module in turns, each issued a second after the one before."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    for number in range(1_000):
        here = number % 2 == 0
        modules = {"vulnerability_dashboard", *([_MODULE] if here else [])}
        claims = Claims(
            jti=f"bench-{number}",
            customer="Bench",
            issued_at=start + timedelta(seconds=number),
            expires_at=start + timedelta(days=90),
            type="enterprise",
            modules=frozenset(modules),
            seats=100,
        )
        yield here, issue(claims, _KEY)


def _statuses(running: Product, token: str, times: int) -> set[int]:
    """Ask the toggled module on as many new connections, so that every process has its turn."""
    found = set()
    for _ in range(times):
        link = http.client.HTTPConnection(*running.address, timeout=20)
        link.request("GET", _TOGGLED, headers={"Authorization": f"Bearer {token}", "Connection": "close"})
        answer = link.getresponse()
        answer.read()
        link.close()
        found.add(answer.status)
    return found


def _spread(running: Product, token: str, *, here: bool) -> float:
    """Return the seconds until every one of 16 new connections gets the new answer."""
    began, expected = time.perf_counter(), {200 if here else 403}
    while (found := _statuses(running, token, 16)) != expected:
        if time.perf_counter() - began > 30:
            raise RuntimeError(f"the module still answers {found}")
    return time.perf_counter() - began


def measure(folder: Path) -> list[Figure]:
    """Toggle a module twenty times, under 500 requests a second on another."""
    keys = folder / "keys.pem"
    keys.write_text(public_pem(_KEY))
    plugins = many_plugins.write(folder / "plugins", [_MODULE], routes=10)
    settings = {"TW_LICENSE_KEYS": str(keys), "PYTHONPATH": str(plugins)}
    with product.running(folder / "swapped", settings=settings) as running:
        token, licenses = running.sign_in(), _licenses()
        figures = _paced(running, token, licenses, folder)
        return figures + _with_wrk(running, token, licenses)


def _paced(running: Product, token: str, licenses: Iterator, folder: Path) -> list[Figure]:
    out = folder / "requests.txt"
    seconds = _IMPORTS * _EVERY + 4
    command = [
        sys.executable,
        str(Path(__file__).with_name("paced_client.py")),
        running.url + _SERVED,
        str(out),
    ]
    command += [f"--token={token}", f"--rate={_RATE}", f"--seconds={seconds}"]
    load = subprocess.Popen(command)
    time.sleep(2)
    moments, spreads = [], []
    for _, (here, text) in zip(range(_IMPORTS), licenses, strict=False):
        due = time.time() + _EVERY
        moments.append(time.time())
        running.call("/api/license/import", token=token, body={"license": text})
        spreads.append(_spread(running, token, here=here))
        time.sleep(max(0.0, due - time.time()))
    load.wait(120)
    requests = [
        _Request(float(begun), float(taken), int(status))
        for begun, taken, status in (line.split() for line in out.read_text().splitlines())
    ]
    failed = sum(request.status != 200 for request in requests)
    during = sorted(r.taken for r in requests if any(0 <= r.begun - moment < 1 for moment in moments))
    rate = len(requests) / seconds
    return [
        Figure(
            name=f"{_IMPORTS} imports at {_RATE} requests/s: requests that failed",
            value=failed,
            unit="",
            goal=0,
            best="low",
            beside=f"{len(requests):,} requests on connections that stay open, {rate:.0f}/s",
        ),
        Figure(
            name="p99 in the second after an import",
            value=during[len(during) * 99 // 100] * 1e3,
            unit="ms",
            goal=250,
            best="low",
            beside=f"median {statistics.median(during) * 1e3:.1f} ms, highest {during[-1] * 1e3:.0f} ms",
        ),
        Figure(
            name="until every process answers anew after an import",
            value=max(spreads) * 1e3,
            unit="ms",
            goal=1000,
            best="low",
            beside=f"longest of {_IMPORTS}; median {statistics.median(spreads) * 1e3:.0f} ms",
        ),
    ]


def _with_wrk(running: Product, token: str, licenses: Iterator) -> list[Figure]:
    """The same with wrk, as fast as it goes, where wrk is installed."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: its measurement is left out")
        return []
    command = ["wrk", "-t1", "-c8", "-d15s", "-H", f"Authorization: Bearer {token}", running.url + _SERVED]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    for _, (_, text) in zip(range(8), licenses, strict=False):
        running.call("/api/license/import", token=token, body={"license": text})
        time.sleep(_EVERY)
    said, _ = load.communicate(timeout=60)
    lines = {line.strip().split(":")[0]: line.split(":", 1)[-1].strip() for line in said.splitlines()}
    errors = [
        int(word.strip(",")) for word in lines.get("Socket errors", "").split() if word.strip(",").isdigit()
    ]
    errors.append(int(lines.get("Non-2xx or 3xx responses", "0")))
    return [
        Figure(
            name="wrk, 8 imports: socket errors and other answers than 2xx",
            value=sum(errors),
            unit="",
            goal=0,
            best="low",
            beside=f"{lines.get('Requests/sec', '?')} requests/s",
        )
    ]
