"""A load generator: N keep-alive connections that send the same GET one after the other.

A process of its own, so that its work is not counted as the server's. Prints one JSON line.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop


class _Connection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again until time or count is up."""

    def __init__(self, request: bytes, until: float, most: int) -> None:
        self._request = request
        self._until = until
        self._most = most
        self._buffer = b""
        self._sent = 0.0
        self.times: list[float] = []
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        if b" 200 " not in head[:16]:
            self._fail(RuntimeError(self._buffer[:400]))
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        now = time.perf_counter()
        self.times.append(now - self._sent)
        if now < self._until and len(self.times) < self._most:
            self._send()
        elif not self.finished.done():
            self.finished.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionResetError("the server closed the connection"))

    def _fail(self, error: Exception) -> None:
        if not self.finished.done():
            self.finished.set_exception(error)


@dataclass(frozen=True, slots=True)
class Load:
    """What one run did; latencies in seconds."""

    requests: int
    seconds: float
    p50: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def press(
    address: tuple[str, int],
    path: str,
    *,
    token: str = "",
    connections: int = 1,
    seconds: float = 60.0,
    most: int = 1 << 30,
) -> Load:
    """Run the client in a process of its own: at most `seconds`, at most `most` requests a connection."""
    arguments = [address[0], address[1], path, token, connections, seconds, most]
    done = subprocess.run(
        [sys.executable, Path(__file__), *map(str, arguments)], check=True, capture_output=True, text=True
    )
    return Load(**json.loads(done.stdout))


async def _run(asked: argparse.Namespace) -> None:
    lines = [f"GET {asked.path} HTTP/1.1", f"Host: {asked.host}:{asked.port}"]
    lines += [f"Authorization: Bearer {asked.token}"] if asked.token else []
    request = "\r\n".join([*lines, "", ""]).encode()
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    pairs = [
        await loop.create_connection(
            lambda: _Connection(request, began + asked.seconds, asked.most), asked.host, asked.port
        )
        for _ in range(asked.connections)
    ]
    await asyncio.gather(*(connection.finished for _, connection in pairs))
    taken = time.perf_counter() - began
    times = [value for _, connection in pairs for value in connection.times]
    print(json.dumps({"requests": len(times), "seconds": taken, "p50": statistics.median(times)}))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("host", str), ("port", int), ("path", str), ("token", str)):
        parser.add_argument(name, type=kind)
    for name, kind in (("connections", int), ("seconds", float), ("most", int)):
        parser.add_argument(name, type=kind)
    uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    _main()
