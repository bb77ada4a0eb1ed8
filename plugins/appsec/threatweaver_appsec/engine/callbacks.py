"""A listener of the scan's own, for targets that fetch URLs: it answers all, and remembers its own paths."""

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from typing import Self

MOST_KEPT = 10_000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Callbacks:
    """Listens while it is open. A path has a part that only this run knows, so nobody calls it by chance.

    `advertised` is the host that a target reaches this machine by, which is the address listened at else.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, advertised: str | None = None) -> None:
        self._host, self._port = host, port
        self._advertised = advertised or host
        self._run = secrets.token_hex(8)
        self._waited: OrderedDict[str, asyncio.Event] = OrderedDict()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, self._host, self._port, limit=16_384)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()

    def new(self, token: str) -> str:
        """Return the URL of a token, and wait for it from now on."""
        path = f"/{self._run}/{token}"
        self._waited[path] = asyncio.Event()
        if len(self._waited) > MOST_KEPT:
            self._waited.popitem(last=False)
        return f"http://{self._advertised}:{self._port}{path}"

    async def called(self, url: str, patience: float) -> bool:
        """Return whether a URL was requested, within so many seconds from now."""
        waited = self._waited.get(_path(url))
        if waited is None:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waited.wait(), max(patience, 0.001))
        return waited.is_set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            line = await asyncio.wait_for(reader.readline(), 5)
            path = b"".join(line.split(b" ")[1:2]).decode("latin-1").partition("?")[0]
            if waited := self._waited.get(_path(path)):
                waited.set()
            writer.write(ANSWER)
            await writer.drain()
        writer.close()


def _path(target: str) -> str:
    """The path of a request's target, which is a whole URL where it came through a proxy."""
    return "/" + target.partition("://")[2].partition("/")[2] if "://" in target else target
