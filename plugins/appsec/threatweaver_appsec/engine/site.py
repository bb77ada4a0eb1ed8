"""The target as agents see it, every request of theirs under their name."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
