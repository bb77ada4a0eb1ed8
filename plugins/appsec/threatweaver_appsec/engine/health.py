"""Whether a target still answers as it did: nobody there, or a firewall that blocks, ends a scan in doubt."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.messages import Exchange, Fault, Request

BLOCKS = frozenset({403, 406, 429, 503})
GONE = frozenset({502, 503, 504})
SILENT = frozenset({Fault.REFUSED, Fault.RESET, Fault.TIMEOUT})
TRIES = 3
TRIES_REFUSED = 8  # where nobody listens: an application that ended may be on its way back
BETWEEN = 1.5  # seconds
BETWEEN_LIMITED = 4.0  # seconds; a rate limit may end by itself
QUIET = 6.0  # seconds without any answer while requests are under way


@dataclass
class Health:
    """Suspects by the last answers of the scan; is sure only by asking the base again, without any attack."""

    client: Client
    request: Request
    identity: str | None = None
    usual: int = 0
    """Status that the base answered when the scan began."""
    _last: deque[tuple[int, Fault | None]] = field(default_factory=lambda: deque(maxlen=40))
    _heard: float = field(default_factory=time.monotonic)
    _numbers: int = 0

    def hear(self, exchange: Exchange) -> None:
        """Take an answer into account; what was not sent says nothing of the target."""
        if exchange.fault is Fault.OUT_OF_SCOPE:
            return
        self._last.append((exchange.status, exchange.fault))
        if exchange.response:
            self._heard = time.monotonic()

    async def begin(self) -> str | None:
        """Return why the target cannot be scanned, None where it answers."""
        reason = None
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(BETWEEN)
            answer = await self._ask()
            if answer.response and answer.status not in GONE:
                self.usual = answer.status
                return None
            reason = f"target does not answer: {answer.fault or f'status {answer.status}'}"
            if answer.fault in (Fault.OUT_OF_SCOPE, Fault.STOPPED):
                return f"target may not be asked: {answer.fault}"
        return reason

    async def watch(self) -> str:
        """Return why the scan cannot go on, as soon as that is sure."""
        while True:
            await asyncio.sleep(0.5)
            if self._suspect():
                if reason := await self.verify():
                    return reason
                self._last.clear()
                self._heard = time.monotonic() + 5  # sure for a while

    async def verify(self) -> str | None:
        """Ask the base a few times; return what is wrong where it never answers as it did."""
        answer = await self._ask()
        for tried in range(1, TRIES_REFUSED):
            if self._well(answer):
                return None
            if tried >= TRIES and answer.fault is not Fault.REFUSED:
                break
            await asyncio.sleep(BETWEEN_LIMITED if answer.status == 429 else BETWEEN)
            answer = await self._ask()
        if self._well(answer) or answer.fault in (Fault.STOPPED, Fault.OVER_BUDGET):
            return None
        if answer.status in BLOCKS - GONE:
            return f"target blocks the scan: status {answer.status} where it was {self.usual}"
        return f"target does not answer any more: {answer.fault or f'status {answer.status}'}"

    def _suspect(self) -> bool:
        last = list(self._last)
        silent = sum(1 for _, fault in last[-15:] if fault in SILENT)
        blocked = sum(1 for status, _ in last if status in BLOCKS)
        quiet = self.client.busy and time.monotonic() - self._heard > QUIET
        return silent >= 10 or (len(last) >= 15 and blocked >= 0.6 * len(last)) or quiet

    def _well(self, answer: Exchange) -> bool:
        if answer.response is None or answer.status in GONE:
            return False
        return answer.status not in BLOCKS or answer.status == self.usual

    async def _ask(self) -> Exchange:
        return await self.client.send(self.request, identity=self.identity, agent="health", urgent=True)
