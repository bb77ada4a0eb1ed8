"""Targets of the engine's tests: handlers, or bytes, served on loopback."""

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from threatweaver_appsec.engine.budget import Entry, Limits
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that stand beside this file


class Talk:
    """A client whose log is kept, and the base of its target."""

    def __init__(self, base: str, **options) -> None:
        self.base = base
        self.log: list[Entry] = []
        self.heard: list[Exchange] = []
        limits = Limits(**options.pop("limits", {}))
        scope = options.pop("scope", None) or Scope(
            frozenset({origin_of(base)}), allowed=PRIVATE, safe=options.pop("safe", True)
        )
        self.client = Client(scope, limits, "scan-1", self.hear, base=base, **options)

    def hear(self, exchange: Exchange, entry: Entry) -> None:
        self.log.append(entry)
        self.heard.append(exchange)

    async def get(self, path: str, **options) -> Exchange:
        return await self.client.send(Request("GET", self.base + path), **options)


def _later(handler):
    if inspect.iscoroutinefunction(handler):
        return handler

    async def call(request):
        return handler(request)

    return call


@pytest.fixture
async def serve() -> AsyncIterator[Callable]:
    """Return a function that serves `GET /path` handlers, or connections, and gives its base."""
    closing: list = []

    async def start(target) -> str:
        if isinstance(target, dict):
            app = web.Application()
            for place, handler in target.items():
                method, _, path = place.partition(" ")
                app.router.add_route(method, path, _later(handler))
            server = TestServer(app)
            await server.start_server()
            closing.append(server.close)
            return str(server.make_url("")).rstrip("/")
        server = await asyncio.start_server(target, "127.0.0.1", 0)

        async def close():
            server.close()

        closing.append(close)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for close in reversed(closing):
        await close()


@pytest.fixture
async def talk(serve) -> AsyncIterator[Callable]:
    """Return a function that serves a target and opens a client to it."""
    clients: list[Client] = []

    async def start(target, **options) -> Talk:
        base = target if isinstance(target, str) else await serve(target)
        one = Talk(base, **options)
        clients.append(await one.client.__aenter__())
        return one

    yield start
    for client in clients:
        await client.__aexit__()
