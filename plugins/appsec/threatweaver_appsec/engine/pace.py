"""How fast one host is asked: additive increase, multiplicative decrease, as its answers say."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 20.0  # seconds; who asks for more is asked again then, and health decides
PAUSE_OF_A_PATH = 1.0  # the same of one path, as of a login that counts attempts, whatever it asks for
MANY = 3  # paths that are limited at once: then it is the host that is
LIMITED = 429
OVERLOADED = frozenset({LIMITED, 502, 503, 504})


class Pace:
    """Turns at one host. Rates are requests a second, times are seconds of the monotonic clock."""

    def __init__(self, highest: float, together: int) -> None:
        self.highest = highest
        self.rate = min(highest, 40.0)
        self._places = asyncio.Semaphore(together)
        self._next = 0.0
        self._usual = 0.0  # the quickest smoothed answer time so far
        self._smooth = 0.0
        self._slowed = 0.0
        self._errors = 0
        self._limited: dict[str, float] = {}  # paths, and until when they are not to be asked

    @asynccontextmanager
    async def turn(self, path: str) -> AsyncIterator[None]:
        """Wait for a free place and the time of the next request; a limited path holds no place meanwhile."""
        pause = self._limited.get(path, 0.0) - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        async with self._places:
            now = time.monotonic()
            at = max(self._next, now)
            self._next = at + 1 / self.rate
            if at > now:
                await asyncio.sleep(at - now)
            yield

    def heard(self, path: str, status: int, seconds: float, retry_after: str | None = None) -> None:
        """Learn from an answer; status 0 is none."""
        now = time.monotonic()
        self._errors = self._errors + 1 if status == 0 or status >= 500 else 0
        self._smooth = seconds if not self._smooth else 0.9 * self._smooth + 0.1 * seconds
        self._usual = min(self._usual or self._smooth, self._smooth)
        if status in OVERLOADED:
            asked = _seconds(retry_after or "")
            if status != LIMITED or self._all_limited(path, now):
                self._slow(now, 0.5)
                self._next = max(self._next, now + min(asked, LONGEST_PAUSE))
        elif self._errors >= 10 or self._smooth > 4 * self._usual + 0.5:
            self._slow(now, 0.8)
        else:
            self.rate = min(self.highest, self.rate + 1.0)

    def _all_limited(self, path: str, now: float) -> bool:
        """Note that a path is limited; return whether so many are that the host must be."""
        still = {one: end for one, end in self._limited.items() if end > now}
        self._limited = still | {path: now + PAUSE_OF_A_PATH}
        return len(self._limited) >= MANY

    def _slow(self, now: float, factor: float) -> None:
        """Once a second at most: answers that were under way together are one sign."""
        if now - self._slowed >= 1.0:
            self._slowed = now
            self.rate = max(min(0.5, self.highest), self.rate * factor)


def _seconds(retry_after: str) -> float:
    if retry_after.strip().isdecimal():
        return float(retry_after.strip()[:9])
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, IndexError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
