"""Who may call the API: clients with a token, of which only the hash is kept, and with scopes."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from threatweaver_licensing.manager import book
from threatweaver_licensing.manager.book import Actor
from threatweaver_licensing.manager.errors import InvalidToken
from threatweaver_licensing.manager.models import Client

SCOPES: Final = ("read", "issue", "revoke", "lists", "audit")
PREFIX: Final = "twlm_"


class ClientExists(ValueError):
    """There is a client of this name; names stand in the audit log and are used once."""


class NoClient(ValueError):
    """There is no such client that could be revoked."""


async def create(name: str, scopes: Collection[str], days: int | None, actor: Actor) -> str:
    """Make a client and return its token, which is shown this once. Raises ClientExists."""
    token = PREFIX + secrets.token_urlsafe(32)
    async with book.writing(actor) as written:
        if await Client.exists(name=name):
            raise ClientExists(name)
        granted = " ".join(scope for scope in SCOPES if scope in scopes)
        end = written.now + timedelta(days=days) if days else None
        await Client.create(
            name=name, token_hash=_hash(token), scopes=granted, created_at=written.now, expires_at=end
        )
        await written.note("client.create", name, scopes=granted, expiresAt=end and end.isoformat())
    return token


async def revoke(name: str, actor: Actor) -> None:
    """End a client's token. Raises NoClient."""
    async with book.writing(actor) as written:
        if not await Client.filter(name=name, revoked_at__isnull=True).update(revoked_at=written.now):
            raise NoClient(name)
        await written.note("client.revoke", name)


async def all_clients() -> Sequence[Client]:
    """All clients by name, those that may no longer call included."""
    return await Client.all().order_by("name")


async def identify(token: str) -> Client:
    """The client of a token. Raises InvalidToken."""
    found = await Client.get_or_none(token_hash=_hash(token))
    if found is None or found.revoked_at is not None:
        raise InvalidToken
    if found.expires_at is not None and found.expires_at <= datetime.now(UTC):
        raise InvalidToken
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()  # 256 random bits need no slow hash
