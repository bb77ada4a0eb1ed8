"""Counting requests: exactly and in one place, without asking that place every time.

The bucket of a client is a row that all processes share. A strict limit (signing in) asks it for every
request. A leased one is drawn in portions: a process that needs more takes twice as much as before, but never
more than a quarter of what is left, and serves the next requests from it. The sum over all processes can
therefore never exceed the limit; it stays below by what a process has drawn and not used, which is never
more than what it did use.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from threatweaver.config import Settings
from threatweaver.db.transaction import Database
from threatweaver.http.errors import TooManyRequests
from threatweaver.ratelimits import queries, service
from threatweaver.ratelimits.rules import Rule, Rules, subject

_MOST = 50_000  # shares that a process remembers
_CONFIG_TTL = 3.0  # seconds; what an administrator changes holds within these
_REFUSED_TTL = 3.0  # seconds that a full bucket is not asked again, unless somebody emptied it
_SWEEP_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left in the caller's window, for the RateLimit headers."""

    limit: int
    remaining: int
    reset: int  # Unix seconds

    def headers(self) -> dict[str, str]:
        """Return the RateLimit headers."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


@dataclass(slots=True)
class _Share:
    """What this process holds of one bucket."""

    left: int = 0  # drawn and not used
    portion: int = 0  # of the last draw
    used: int = 0  # of the whole bucket, at the last draw
    reset: float = 0.0  # Unix seconds
    ends: float = 0.0  # on this process's clock
    asked: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def allowance(self, rule: Rule) -> Allowance:
        return Allowance(rule.amount, max(0, rule.amount - self.used) + self.left, int(self.reset + 1))

    def refusal(self, rule: Rule) -> TooManyRequests:
        wait = max(1, int(self.ends - time.monotonic() + 1))
        headers = self.allowance(rule).headers() | {"Retry-After": str(wait)}
        return TooManyRequests(headers=headers)

    def next_portion(self, rule: Rule) -> int:
        if not rule.leased:
            return 1
        return max(1, min(2 * self.portion, (rule.amount - self.used) // 4))


class RateLimiter:
    """One instance a process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._default = settings.rate_limit
        self._shares: OrderedDict[tuple[str, str], _Share] = OrderedDict()
        self._read_at = self._swept_at = -_SWEEP_EVERY
        self.rules = Rules(general_limit=settings.rate_limit)
        self.enabled = settings.rate_limit > 0

    async def take_for_address(self, path: str | None, address: str) -> Allowance | None:
        """Count a request, before it is known who calls; None when limits are off. Raises TooManyRequests.

        A path without a bucket of its address tells what the general one holds and leaves it as it is.
        """
        if not self.enabled:
            return None
        client = subject(address)
        if self.rules.of_address(path) is not None:
            await self._keep_up()
        rule = self.rules.of_address(path)
        return self._peek(client) if rule is None else await self._take(rule, client)

    async def take_for_user(self, method: str, path: str, user: str) -> Allowance | None:
        """Count a request of a signed-in user; None when the route is not limited by user.

        Raises TooManyRequests.
        """
        if not self.enabled or self.rules.of_user(method, path) is None:
            return None
        await self._keep_up()
        rule = self.rules.of_user(method, path)
        return None if rule is None else await self._take(rule, user)

    def _peek(self, client: str) -> Allowance:
        rule, share = self.rules.general, self._shares.get((self.rules.general.name, client))
        if share is None or share.ends <= time.monotonic():
            return Allowance(rule.amount, rule.amount, int(time.time()) + rule.seconds)
        return share.allowance(rule)

    async def _take(self, rule: Rule, client: str) -> Allowance:
        share = self._share(rule, client)
        if share.left == 0:
            async with share.lock:
                await self._draw(rule, client, share)
                return _use(rule, share)
        return _use(rule, share)

    def _share(self, rule: Rule, client: str) -> _Share:
        key = (rule.name, client)
        share = self._shares.get(key)
        if share is None or (share.ends <= time.monotonic() and not share.lock.locked()):
            share = self._shares[key] = _Share(ends=time.monotonic() + rule.seconds)
            while len(self._shares) > _MOST:
                self._shares.popitem(last=False)
        return share

    async def _draw(self, rule: Rule, client: str, share: _Share) -> None:
        """Fill an empty share, unless another request did so meanwhile or the bucket was just found full."""
        now = time.monotonic()
        if share.left > 0 or (share.used >= rule.amount and now - share.asked < _REFUSED_TTL):
            return
        portion = share.next_portion(rule)
        async with self._database.control():
            drawn = await queries.draw(rule, client, portion)
        share.left = max(0, portion - max(0, drawn.used - rule.amount))
        share.portion, share.used, share.reset = portion, drawn.used, drawn.reset
        share.asked, share.ends = now, now + drawn.left

    async def _keep_up(self) -> None:
        """Read the configuration again when it may have changed; one request pays for the others."""
        now = time.monotonic()
        if now - self._read_at < _CONFIG_TTL:
            return
        self._read_at, sweeping = now, now - self._swept_at >= _SWEEP_EVERY
        async with self._database.control(read_only=not sweeping):
            self.rules = await service.rules(self._default)
            if sweeping:
                self._swept_at = now
                await queries.sweep()
                self._forget_ended(now)

    def _forget_ended(self, now: float) -> None:
        for key in [key for key, share in self._shares.items() if share.ends <= now]:
            del self._shares[key]


def _use(rule: Rule, share: _Share) -> Allowance:
    if share.left == 0:
        raise share.refusal(rule)
    share.left -= 1
    return share.allowance(rule)
