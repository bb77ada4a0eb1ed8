"""A target on loopback, and the engine's own client to send to it."""

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from threatweaver_appsec.engine.budget import Entry, Limits
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of


class Target:
    """The base of a served application, a client to it, and what was sent: method and path of each request."""  # noqa: E501

    def __init__(self, base: str, *, safe: bool = True, limits: Mapping = MappingProxyType({})) -> None:
        self.base = base
        self.sent: list[str] = []
        self.exchanges: list[Exchange] = []
        scope = Scope(frozenset({origin_of(base) or ""}), allowed=PRIVATE, safe=safe)
        allowed = Limits(**{"requests": 20_000, "per_second": 10_000.0, **limits})
        self.client = Client(scope, allowed, "scan-1", self._hear, base=base)

    def _hear(self, exchange: Exchange, entry: Entry) -> None:
        self.exchanges.append(exchange)
        self.sent.append(f"{exchange.request.method} {exchange.request.url.removeprefix(self.base)}")


@pytest.fixture
async def target() -> AsyncIterator[Callable]:
    """Return a function that serves handlers by "METHOD /path" and gives the target."""
    open_targets: list = []

    async def start(handlers, **options) -> Target:
        app = web.Application()
        for place, handler in handlers.items():
            method, _, path = place.partition(" ")
            app.router.add_route(method, path, handler)
        server = TestServer(app)
        await server.start_server()
        found = Target(str(server.make_url("")).rstrip("/"), **options)
        open_targets.append((server, await found.client.__aenter__()))
        return found

    yield start
    for server, client in open_targets:
        await client.__aexit__()
        await server.close()


@pytest.fixture
def page() -> Callable:
    """Return a function that makes a handler of some HTML, or of another text with its media type."""

    def make(text: str, kind: str = "text/html", status: int = 200):
        async def handler(request):
            return web.Response(text=text, content_type=kind, status=status)

        return handler

    return make
