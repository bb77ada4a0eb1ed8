"""What operations answer without an attack."""

import asyncio
from dataclasses import dataclass, field
from itertools import islice

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.site import Target
from threatweaver_appsec.engine.tickets import Tickets


@dataclass
class Baselines:
    """What operations answer without an attack, twice; the bodies that are kept stay bounded."""

    most_bytes: int = 24_000_000
    tickets: Tickets = field(default_factory=Tickets)
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
            pair = await self.tickets.twice(target.by("baseline"), operation)
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
