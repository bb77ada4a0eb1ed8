"""A small target: aiohttp handlers on loopback, seen by an agent as the engine would show them."""

import asyncio
import random
import string
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from threatweaver_appsec.engine.agent import Agent, Operation, Prober, Proof, Watcher
from threatweaver_appsec.engine.messages import Exchange, Fault, Headers, Request, Response


class Words:
    """A nonce whose every value is another."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)

    def word(self, length: int = 8) -> str:
        return "".join(self.random.choices(string.ascii_lowercase, k=length))

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def callback(self) -> str | None:
        return None


@dataclass
class Person:
    name: str
    username: str | None = None
    headers: Headers = ()


@dataclass
class LiveSite:
    """Sends what it is given: as an identity with its headers, as nobody with none."""

    base: str
    client: aiohttp.ClientSession
    operations: list[Operation] = field(default_factory=list)
    identities: dict[str, Person] = field(default_factory=dict)
    sent: list[Exchange] = field(default_factory=list)

    async def send(self, request: Request, *, identity: str | None = None, follow: bool = False) -> Exchange:
        for name, value in self.identities[identity].headers if identity else ():
            request = request.with_header(name, value)
        exchange = replace(await self._once(request), identity=identity or "")
        self.sent.append(exchange)
        place = exchange.response.header("Location") if exchange.response else None
        if follow and place and 300 <= exchange.status < 400:
            return await self.send(Request("GET", urljoin(request.url, place)), identity=identity)
        return exchange

    async def _once(self, request: Request) -> Exchange:
        start = time.monotonic()
        try:
            async with self.client.request(
                request.method,
                URL(request.url, encoded=True),
                headers=list(request.headers),
                data=request.body or None,
                allow_redirects=False,
            ) as got:
                body = await got.content.read(1_000_000)
                headers = tuple((key, value) for key, value in got.headers.items())
                return Exchange(request, Response(got.status, headers, body, time.monotonic() - start))
        except aiohttp.ClientError:
            return Exchange(request, None, Fault.RESET)

    async def send_together(self, requests, *, identity=None):
        return list(await asyncio.gather(*(self.send(request, identity=identity) for request in requests)))

    async def called(self, url: str, patience: float) -> bool:
        return False

    async def find(
        self, method: str, path: str, *, headers: Headers = (), body: bytes = b"", **known
    ) -> Operation:
        """Add an operation as discovery would: with the answer that it gives the first identity."""
        request = Request(method, self.base + path, headers, body)
        name = next(iter(self.identities), None)
        writes = known.pop("writes", method not in ("GET", "HEAD"))
        baseline = Exchange(request, None) if writes else await self.send(request, identity=name)
        op = Operation(request, baseline, known.pop("source", "link"), writes=writes, **known)
        self.operations.append(op)
        return op


Handlers = Mapping[str, Callable]


@pytest.fixture
async def site_of() -> AsyncIterator[Callable]:
    """Return a function that serves handlers, `GET /path` each, and gives the site of them."""
    open_ones: list = []

    async def serve(handlers: Handlers, *people: Person) -> LiveSite:
        app = web.Application()
        for place, handler in handlers.items():
            method, _, path = place.partition(" ")
            app.router.add_route(method, path, handler)
        server = TestServer(app)
        await server.start_server()
        client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        open_ones.extend((server, client))
        site = LiveSite(str(server.make_url("")).rstrip("/"), client)
        site.identities |= {person.name: person for person in people}
        return site

    yield serve
    for one in reversed(open_ones):
        await one.close()


def agent_of(agents: tuple[Agent, ...], ident: str) -> Agent:
    return next(agent for agent in agents if agent.about.id == ident)


async def confirmed(prober: Prober, site: LiveSite) -> list[Proof]:
    """Return what the engine would report: seen again as often as it must be, and not in the control."""
    found = []
    wanted, name = prober.about.confirmation, prober.about.id
    number = 0
    async for suspicion in prober.probe(site, Words(name)):
        number += 1
        again = [await suspicion.shows(Words(f"{name}{number}{time}")) for time in range(wanted.of)]
        shown = [proof for proof in again if proof]
        if len(shown) >= wanted.least and await suspicion.control(Words(f"{name}{number}-control")) is None:
            found.append(shown[0])
    return found


@pytest.fixture
def probe() -> Callable:
    """Return a function that runs the prober of an id over a site."""

    async def run(agents: tuple[Agent, ...], ident: str, site: LiveSite) -> list[Proof]:
        prober = agent_of(agents, ident)
        assert isinstance(prober, Prober)
        return await confirmed(prober, site)

    return run


@pytest.fixture
def look() -> Callable:
    """Return a function that shows an answer to the watcher of an id."""

    def run(
        agents: tuple[Agent, ...], ident: str, url="https://shop.test/", method="GET", identity="", **answer
    ):
        watcher = agent_of(agents, ident)
        assert isinstance(watcher, Watcher)
        headers = tuple(answer.get("headers", ())) or (("Content-Type", "text/html"),)
        request = Request(method, url, tuple(answer.get("sent", ())))
        body = answer.get("body", "")
        body = body if isinstance(body, bytes) else body.encode()
        response = Response(answer.get("status", 200), headers, body, 0.1, length=len(body))
        return list(watcher.look(Exchange(request, response, identity=identity)))

    return run


@pytest.fixture
def person() -> type[Person]:
    return Person
