"""The target as agents see it, every request of theirs under their name."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from threatweaver_appsec.engine.agent import Identity, Operation
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.credentials import signs_in
from threatweaver_appsec.engine.messages import Exchange, Fault, Request
from threatweaver_appsec.engine.nonce import SeededNonce, no_callback
from threatweaver_appsec.engine.places import template_of

ENDED = frozenset({Fault.OVER_BUDGET, Fault.STOPPED})


class Ended(Exception):
    """The scan may send nothing more: what is under way was not tested."""


def place_of(request: Request) -> str:
    """Return a request's method and path, the ids in it left out."""
    return f"{request.method} {request.origin}{template_of(request.url)}"


@dataclass(frozen=True)
class Target:
    """An `agent.Site` for one agent; `by` makes that of another."""

    client: Client
    base: str
    seed: str
    operations: Sequence[Operation] = ()
    identities: Mapping[str, Identity] = field(default_factory=dict)
    callbacks: Callbacks | None = None
    agent: str = ""
    asked: set[str] | None = None
    """Where somebody wants to know it: the places that requests went to, as `place_of` names them."""

    def by(self, agent: str) -> "Target":
        """Return the same target, seen by an agent."""
        return replace(self, agent=agent)

    @property
    def identity(self) -> str | None:
        """Whom the scan crawls and attacks as; None is nobody."""
        return next(iter(self.identities), None)

    def sender_of(self, request: Request) -> str | None:
        """Return who sends an attack: nobody what signs somebody in, so that no session is exchanged."""
        return None if signs_in(request) else self.identity

    async def send(self, request: Request, *, identity: str | None = None, follow: bool = False) -> Exchange:
        """Send within scope and budget. Raises `Ended` where nothing more may be sent."""
        self._note(request)
        exchange = await self.client.send(request, identity=identity, follow=follow, agent=self.agent)
        if exchange.fault in ENDED:
            raise Ended(exchange.fault)
        return exchange

    async def send_together(
        self, requests: Sequence[Request], *, identity: str | None = None
    ) -> list[Exchange]:
        """Send at the same moment. Raises `Ended` where nothing more may be sent."""
        for request in requests:
            self._note(request)
        sent = await self.client.send_together(requests, identity=identity, agent=self.agent)
        if any(exchange.fault in ENDED for exchange in sent):
            raise Ended(Fault.OVER_BUDGET)
        return sent

    def _note(self, request: Request) -> None:
        if self.asked is not None:
            self.asked.add(place_of(request))

    async def called(self, url: str, patience: float) -> bool:
        """Return whether a callback's URL was requested within so many seconds."""
        return self.callbacks is not None and await self.callbacks.called(url, patience)

    async def called_of(self, urls: Sequence[str], patience: float) -> tuple[str, ...]:
        """Return those of some callbacks' URLs that were requested within so many seconds for all."""
        heard = await asyncio.gather(*(self.called(url, patience) for url in urls))
        return tuple(url for url, was_called in zip(urls, heard, strict=True) if was_called)

    def nonce(self, *place: str | int, handed: list[str] | None = None) -> SeededNonce:
        """Return the values of a place; the callbacks that it hands out are noted."""
        callbacks = self.callbacks
        if callbacks is None:
            return SeededNonce(self.seed, self.agent, *place, new=no_callback)

        def new(token: str) -> str:
            url = callbacks.new(token)
            if handed is not None:
                handed.append(url)
            return url

        return SeededNonce(self.seed, self.agent, *place, new=new)


@dataclass
class Baselines:
    """What operations answer without an attack, twice; the bodies that are kept stay bounded."""

    most_bytes: int = 24_000_000
    _kept: dict[str, tuple[Exchange, Exchange]] = field(default_factory=dict)
    _asking: dict[str, asyncio.Lock] = field(default_factory=dict)
    _bytes: int = 0

    async def of(self, key: str, target: Target, operation: Operation) -> tuple[Exchange, Exchange]:
        """Return the answers to the operation's request, sent now where they are not kept."""
        if (kept := self._kept.get(key)) is not None:
            return kept
        async with self._asking.setdefault(key, asyncio.Lock()):
            if (kept := self._kept.get(key)) is not None:
                return kept
            plain = target.by("baseline")
            who = target.sender_of(operation.request)
            first = await plain.send(operation.request, identity=who)
            pair = first, await plain.send(operation.request, identity=who)
            self._kept[key] = pair
            self._bytes += _size(pair)
        self._asking.pop(key, None)
        while self._bytes > self.most_bytes and len(self._kept) > 1:
            oldest = next(islice(self._kept, 1))
            self._bytes -= _size(self._kept.pop(oldest))
        return pair


def _size(pair: tuple[Exchange, Exchange]) -> int:
    """Bytes with the texts that agents decode of them."""
    return sum(4 * len(exchange.response.body) + 2_000 for exchange in pair if exchange.response)


@dataclass(frozen=True)
class Named:
    """A `ports.Sender` whose requests go under a name in the log."""

    client: Client
    name: str

    async def send(self, request: Request, *, identity: str | None = None, follow: bool = False) -> Exchange:
        """Send as `Client.send` does."""
        return await self.client.send(request, identity=identity, follow=follow, agent=self.name)

    async def send_together(
        self, requests: Sequence[Request], *, identity: str | None = None
    ) -> list[Exchange]:
        """Send as `Client.send_together` does."""
        return await self.client.send_together(requests, identity=identity, agent=self.name)

    def refusal(self, request: Request) -> str | None:
        """Return why a request would not be sent, None where it would."""
        return self.client.refusal(request)
