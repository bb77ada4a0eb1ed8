"""The door: the connections of a process, behind which applications come and go.

A license change swaps the application between two requests: no connection is closed for it, so nobody who
keeps one open meets a closed one (docs/adr/0005).
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Any

from aiohttp import web

from threatweaver import app as application
from threatweaver.kernel import Kernel

_BEHIND = "behind"
_LAST_REQUESTS = 5.0  # seconds that open connections have for one more request before they are closed


class Behind:
    """One application behind the door, and how many requests are in it."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.requests = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._runner = web.AppRunner(application.build(kernel), access_log=None, handle_signals=False)

    async def open(self) -> None:
        """Start the application."""
        await self._runner.setup()

    def request(self, *parts: Any) -> web.BaseRequest:
        """Make the request that this application answers."""
        made = self._server.request_factory(*parts)
        made[_BEHIND] = self
        return made

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Let the application answer."""
        self.requests += 1
        self._empty.clear()
        try:
            return await self._server.request_handler(request)
        finally:
            self.requests -= 1
            if not self.requests:
                self._empty.set()

    async def close(self, *, within: float) -> None:
        """Wait for the requests inside, some seconds at most, and end the application."""
        self.kernel.stopping.set()
        with suppress(TimeoutError):  # what still runs ends with its connection
            await asyncio.wait_for(self._empty.wait(), within)
        await self._runner.cleanup()

    @property
    def _server(self) -> web.Server:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the application is not open")
        return server


class Door:
    """Takes connections on a listening socket; `enter` says who answers from now on."""

    def __init__(self, *, drain: float) -> None:
        self._drain = drain
        self._leaving = False
        self._behind: Behind | None = None
        self._ending: set[asyncio.Task[None]] = set()
        server = web.Server(self._answer, request_factory=self._request, access_log=None)
        self._server = server
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=drain)
        self._site: web.SockSite | None = None

    @property
    def closed(self) -> bool:
        """Say whether nobody is behind it yet."""
        return self._behind is None

    async def enter(self, kernel: Kernel) -> None:
        """Let an application of this kernel answer every request from now on; end the one before."""
        fresh, before = Behind(kernel), self._behind
        await fresh.open()
        self._behind = fresh
        if before is not None:
            ending = asyncio.create_task(before.close(within=self._drain))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def listen(self, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Take connections."""
        await self._runner.setup()
        self._site = web.SockSite(self._runner, listening, ssl_context=tls)
        await self._site.start()

    async def leave(self) -> None:
        """Take no connections any more, and close each open one behind its next answer."""
        self._leaving = True
        if self._site is not None:
            await self._site.stop()
        deadline = asyncio.get_running_loop().time() + _LAST_REQUESTS
        while self._server.connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # connections end at their peers' pace; aiohttp tells nobody of it

    async def close(self) -> None:
        """Answer what was asked, close every connection, and end the application."""
        if self._behind is not None:
            self._behind.kernel.stopping.set()
        await self._runner.cleanup()
        if self._behind is not None:
            await self._behind.close(within=0)
        await asyncio.gather(*self._ending)

    def _request(self, *parts: Any) -> web.BaseRequest:
        if self._behind is None:
            raise RuntimeError("nobody is behind the door")
        return self._behind.request(*parts)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        behind: Behind = request[_BEHIND]
        response = await behind.answer(request)
        if self._leaving:
            response.force_close()
        return response
