"""Measures what the gates cost: a signed-in GET of a trivial route, beside aiohttp with a token check."""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import processes
from figures import Figure
from load_client import press
from product import Product

from threatweaver import config
from threatweaver.auth import keys

_CONNECTIONS = 8
_ROUNDS = 5
_PATH = "/api/auth/me"


@contextmanager
def _bare(product: Product, folder: Path, token: str) -> Iterator[tuple[tuple[str, int], int]]:
    """Run the bare server with the product's key and body; give its address and process id."""
    key, body = folder / "access.key", folder / "body.json"
    key.write_bytes(keys.load(config.load({}, home=product.home)).access_token)
    body.write_bytes(orjson.dumps(product.call(_PATH, token=token)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    script = Path(__file__).with_name("bare_verify.py")
    process = subprocess.Popen([sys.executable, script, str(address[1]), key, body])
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


def _cost(address: tuple[str, int], path: str, pid: int, *, token: str, seconds: float) -> float:
    """Return the server's CPU µs a request."""
    before = processes.cpu_seconds(pid)
    load = press(address, path, token=token, connections=_CONNECTIONS, seconds=seconds)
    return (processes.cpu_seconds(pid) - before) / load.requests * 1e6


def compare(product: Product, folder: Path, *, seconds: float = 3.0) -> list[Figure]:
    """Ask both in turns; the product must run one serve process."""
    token, (server,) = product.sign_in(), product.servers()
    bare: list[float] = []
    real: list[float] = []
    with _bare(product, folder, token) as (address, pid):
        press(address, "/", token=token, connections=_CONNECTIONS, seconds=1)
        press(product.address, _PATH, token=token, connections=_CONNECTIONS, seconds=1)
        for _ in range(_ROUNDS):
            bare.append(_cost(address, "/", pid, token=token, seconds=seconds))
            real.append(_cost(product.address, _PATH, server, token=token, seconds=seconds))
    ratios = [ours / theirs for ours, theirs in zip(real, bare, strict=True)]
    return [
        Figure(
            name=f"GET {_PATH} over bare aiohttp + PyJWT, CPU a request",
            value=statistics.median(ratios),
            unit="x",
            digits=2,
            goal=2.0,
            best="low",
            beside=f"{statistics.median(real):,.0f} µs and {statistics.median(bare):,.0f} µs; "
            f"lowest {min(ratios):.2f} x, highest {max(ratios):.2f} x",
        )
    ]
