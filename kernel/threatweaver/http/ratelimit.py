"""Rate limits of this process, by client address, in fixed windows; kept by the `limits` library.

Buckets shared by all processes come with the edge's own issue; a process counts for itself until then.
"""

import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from threatweaver.config import Settings
from threatweaver.http.errors import TooManyRequests

# Path below /api → requests, minutes: the seed's table.
_OWN = {
    "/api/auth/login": RateLimitItemPerMinute(10, 15),
    "/api/auth/change-password": RateLimitItemPerMinute(10, 15),
    "/api/auth/mfa/validate": RateLimitItemPerMinute(10, 15),
    "/api/auth/forgot-password": RateLimitItemPerMinute(10, 1),
    "/api/auth/invite": RateLimitItemPerMinute(5, 1),
    "/api/auth/reset-password": RateLimitItemPerMinute(5, 1),
}
_EXEMPT = ("/api/dashboard/", "/api/health/", "/api-docs/", "/api-playground")


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


class RateLimiter:
    """Counts requests; one instance a process."""

    def __init__(self, settings: Settings) -> None:
        self._general = RateLimitItemPerMinute(settings.rate_limit) if settings.rate_limit else None
        self._strategy = FixedWindowRateLimiter(MemoryStorage())

    def take(self, path: str, address: str) -> Allowance | None:
        """Count one request; None when it is not limited. Raises TooManyRequests."""
        if self._general is None or path.startswith(_EXEMPT):
            return None
        item = _OWN.get(path, self._general)
        bucket = path if path in _OWN else "general"
        allowed = self._strategy.hit(item, bucket, address)
        allowance = self._allowance(item, bucket, address)
        if not allowed:
            wait = max(1, allowance.reset - int(time.time()))
            raise TooManyRequests(headers={**allowance.headers(), "Retry-After": str(wait)})
        return allowance

    def _allowance(self, item: RateLimitItem, bucket: str, address: str) -> Allowance:
        stats = self._strategy.get_window_stats(item, bucket, address)
        return Allowance(limit=item.amount, remaining=max(0, stats.remaining), reset=int(stats.reset_time))
