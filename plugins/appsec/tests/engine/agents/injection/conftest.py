"""Small targets on loopback, attacked at each of their points as the engine attacks."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from threatweaver_appsec.engine.agent import Agent, Operation, PointAgent, Proof
from threatweaver_appsec.engine.baselines import Baselines
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.confirm import try_point
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.pace import Pace
from threatweaver_appsec.engine.points import points_of
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of
from threatweaver_appsec.engine.site import Target


@dataclass
class Range:
    """A served target, and agents that attack it."""

    base: str
    client: Client
    callbacks: Callbacks

    @property
    def requests(self) -> int:
        return self.client.spent.requests

    async def attack(
        self,
        agents: tuple[Agent, ...],
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Headers = (),
        only: str | None = None,
    ) -> list[tuple[str, str, Proof]]:
        """Return what is confirmed, as (agent, point, proof)."""
        request = Request(method, self.base + path, headers, body)
        operation = Operation(request, Exchange(request, None), "link")
        target = Target(self.client, self.base, "seed", (operation,), callbacks=self.callbacks)
        baselines = Baselines()
        tried = [
            (agent, point)
            for point in points_of(request)
            for agent in agents
            if isinstance(agent, PointAgent) and only in (None, agent.about.id)
        ]
        # Side by side, as a scan does: most of the time goes with waiting for what does not come.
        verdicts = await asyncio.gather(
            *(try_point(target, agent, operation, point, baselines) for agent, point in tried)
        )
        return [
            (agent.about.id, point.name, verdict.hit.proof)
            for (agent, point), verdict in zip(tried, verdicts, strict=True)
            if verdict.hit
        ]


def _later(handler):
    if inspect.iscoroutinefunction(handler):
        return handler

    async def call(request):
        answer = await asyncio.to_thread(handler, request)
        return answer if isinstance(answer, web.StreamResponse) else page(answer)

    return call


def page(text: str, **options) -> web.Response:
    return web.Response(text=text, content_type=options.pop("content_type", "text/html"), **options)


@pytest.fixture
def unhurried(monkeypatch):
    """No pace: these targets fail on purpose, and are not slowed down for it."""
    monkeypatch.setattr(Pace, "heard", lambda *_, **__: None)
    monkeypatch.setattr(Pace, "__init__", _fast)


_paced = Pace.__init__


def _fast(pace: Pace, highest: float, together: int) -> None:
    _paced(pace, highest, together)
    pace.rate = highest


async def _closed(server: asyncio.Server) -> None:
    server.close()


@pytest.fixture
async def serve(unhurried) -> AsyncIterator[Callable]:
    """Return a function that serves `GET /path` handlers, which return text or a response."""
    closing: list = []

    async def start(handlers) -> Range:
        if not isinstance(handlers, dict):  # what reads and writes bytes itself
            server = await asyncio.start_server(handlers, "127.0.0.1", 0)
            closing.append(lambda: _closed(server))
            return await ready(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        app = web.Application()
        for place, handler in handlers.items():
            method, _, path = place.partition(" ")
            app.router.add_route(method, path, _later(handler))
        server = TestServer(app)
        await server.start_server()
        closing.append(server.close)
        return await ready(str(server.make_url("")).rstrip("/"))

    async def ready(base: str) -> Range:
        scope = Scope(frozenset({origin_of(base)}), allowed=PRIVATE, safe=False)
        limits = Limits(per_second=10_000)
        client = await Client(scope, limits, "scan-1", lambda *_: None, base=base).__aenter__()
        callbacks = await Callbacks().__aenter__()
        closing.extend((client.__aexit__, callbacks.__aexit__))
        return Range(base, client, callbacks)

    yield start
    for close in reversed(closing):
        await close()
