"""A delay that grows with the attempts on an account, counted apart for what its owner has used before.

An attacker makes strangers wait, never the owner at a device or in a network known from an earlier sign-in
(docs/adr/0010). Accounts are named by their e-mail address, whether they exist or not.
"""

from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from uuid import UUID

from threatweaver.auth.lockout import queries
from threatweaver.auth.lockout.errors import SignInDelayed

FREE = queries.FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """From where somebody tries to sign in; `device` is what the signed cookie says, or a new id."""

    address: str
    user_agent: str
    device: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt, to be forgotten when it turns out good."""

    key: str
    failures: int


async def begin(email: str, visitor: Visitor, *, step: str = "password") -> Attempt:
    """Count an attempt to sign in, in a control scope. Raises SignInDelayed."""
    sources = _sources(email, visitor)
    known = await queries.familiar(sources)
    source = next((item for item in sources if item in known), "stranger")
    return await _begin(_key(email, step, source))


async def begin_again(email: str, session_id: UUID) -> Attempt:
    """Count an attempt of a signed-in person to prove who they are, in a control scope.

    Counted by session: who stole one cannot guess on, nor make the owner wait elsewhere.
    Raises SignInDelayed.
    """
    return await _begin(_key(email, "again", str(session_id)))


async def _begin(key: str) -> Attempt:
    failures = await queries.count(key)
    if failures is None:
        seconds = await queries.wait(key)
        raise SignInDelayed(headers={"Retry-After": str(seconds)}, retryAfter=seconds)
    return Attempt(key, failures)


async def succeeded(attempt: Attempt) -> None:
    """Forget the attempts of a source whose last one was good, in a control scope."""
    await queries.reset(attempt.key)


async def remember(user_id: UUID, email: str, visitor: Visitor) -> None:
    """Make the visitor's device and network familiar for an account, in a control scope."""
    await queries.remember(user_id, _sources(email, visitor))


def _sources(email: str, visitor: Visitor) -> list[str]:
    """Return the visitor's sources, the most telling first."""
    return [_key(email, "device", visitor.device), _key(email, "network", _network(visitor.address))]


def _network(address: str) -> str:
    """Return the /24 or /64 of an address: what providers give to one customer or less."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{address}/{24 if known.version == 4 else 64}", strict=False))


def _key(email: str, *parts: str) -> str:
    return sha256("\n".join((email.strip().lower(), *parts)).encode("utf-8", "replace")).hexdigest()
