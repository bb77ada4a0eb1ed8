"""Which limit a route has: the documented table, ours beside it, and what an administrator wants instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond

GENERAL = "general"
_PER_USER = "/appsec/"
_EXEMPT = ("/dashboard/", "/health/")

DOCUMENTED: Mapping[str, RateLimitItem] = {  # by the API reference
    "/auth/login": RateLimitItemPerMinute(10, 15),
    "/auth/change-password": RateLimitItemPerMinute(10, 15),
    "/auth/mfa/validate": RateLimitItemPerMinute(10, 15),
    "/auth/forgot-password": RateLimitItemPerMinute(10, 1),
    "/auth/invite": RateLimitItemPerMinute(5, 1),
    "/auth/reset-password": RateLimitItemPerMinute(5, 1),
}
OURS: Mapping[str, RateLimitItem] = {  # they send mail to whatever address is named, as /auth/forgot-password
    "/auth/register": RateLimitItemPerMinute(10, 1),
    "/auth/resend-verification": RateLimitItemPerMinute(10, 1),
}
_EXACT = {**DOCUMENTED, **OURS}
# Two doors to one room draw from one bucket: nobody tries ten passwords at each.
_SAME_ROOM = {"/auth/sso/ldap": "/auth/login"}
READ = RateLimitItemPerMinute(2000, 1)
WRITE = RateLimitItemPerMinute(120, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A bucket's name and how much goes into it; only a leased one is handed to processes in portions."""

    name: str
    item: RateLimitItem
    leased: bool

    @property
    def amount(self) -> int:
        """Requests a window."""
        return self.item.amount

    @property
    def seconds(self) -> int:
        """Length of a window."""
        return self.item.get_expiry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What an administrator wants for one path instead."""

    path: str
    limit: int
    window_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits in force. Paths start below /api, as routes are declared."""

    general_limit: int
    overrides: tuple[Override, ...] = ()
    general: Rule = field(init=False)
    own: Mapping[str, Rule] = field(init=False)

    def __post_init__(self) -> None:
        """Build the table once; requests only look it up."""
        own = dict(_EXACT)
        for item in self.overrides:
            own[item.path] = RateLimitItemPerSecond(item.limit, item.window_seconds)
        table = {path: Rule(path, item, leased=path not in _EXACT) for path, item in own.items()}
        table = {**{door: table[first] for door, first in _SAME_ROOM.items()}, **table}
        object.__setattr__(self, "own", table)
        general = Rule(GENERAL, RateLimitItemPerMinute(self.general_limit), leased=True)
        object.__setattr__(self, "general", general)

    def of_address(self, path: str | None) -> Rule | None:
        """Return the bucket that a client address draws from on this path, None when it draws from none."""
        if path is None:
            return None
        if (rule := self.own.get(path)) is not None:
            return rule
        return None if path.startswith((_PER_USER, *_EXEMPT)) else self.general

    def of_user(self, method: str, path: str) -> Rule | None:
        """Return the bucket that a signed-in user draws from on this route, None when there is none."""
        if not path.startswith(_PER_USER) or path in self.own:
            return None
        return Rule(f"{method} {path}", READ if method == "GET" else WRITE, leased=True)

    def named(self, name: str) -> Rule | None:
        """Return the rule behind a bucket's name, None when it is no longer in force."""
        if name == GENERAL:
            return self.general
        method, _, path = name.rpartition(" ")
        return self.of_user(method, path) if method else self.own.get(path)


@lru_cache(maxsize=4096)
def subject(address: str) -> str:
    """Return whom an address counts for: itself, or its /64, all of which one IPv6 client may use."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(ip_network((int(known) >> 64 << 64, 64)))
