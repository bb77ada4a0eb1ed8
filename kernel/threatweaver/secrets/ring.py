"""Loading the ring into a process, and adding a key to it."""

import base64
import os
from datetime import UTC, datetime, timedelta

from threatweaver.config import ConfigError
from threatweaver.db.transaction import Database, connection
from threatweaver.secrets.box import SecretBox, SecretUnreadable
from threatweaver.secrets.models import SecretKey

LEAD = timedelta(seconds=30)
"""How long a new key is known to every process before one seals with it."""

_FIRST = "0"


async def load(database: Database, storage: bytes) -> SecretBox:
    """Return the box of this deployment. Raises ConfigError when the master does not open its ring."""
    box = SecretBox({_FIRST: storage}, current=_FIRST)
    await refresh(database, storage, box)
    return box


async def refresh(database: Database, storage: bytes, box: SecretBox) -> None:
    """Take over keys that were added or retired since. Raises ConfigError."""
    async with database.control(read_only=True):
        rows = await SecretKey.all().order_by("seals_from", "id")
    ring = {_FIRST: storage}
    for row in rows:
        if row.retired_at is not None:
            ring.pop(str(row.id), None)
        elif row.wrapped is not None:
            ring[str(row.id)] = _unwrap(storage, row.id, row.wrapped)
    now = datetime.now(UTC)
    live = [row for row in rows if str(row.id) in ring]
    started = [str(row.id) for row in live if row.seals_from <= now]
    coming = [row for row in live if row.seals_from > now]
    # One assignment each, the ring first: whoever seals in between uses a key that the ring has.
    box.ring = {**box.ring, **ring}
    box.current = started[-1] if started else _FIRST
    box.upcoming = (coming[0].seals_from.timestamp(), str(coming[0].id)) if coming else None
    box.ring = ring


async def add(storage: bytes, *, lead: timedelta = LEAD) -> SecretKey:
    """Add a key that seals from `lead` on, in a control scope; other processes hear of it at the commit."""
    await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('secret_key', 42))")
    newest = await SecretKey.all().order_by("-id").first()
    number = newest.id + 1 if newest else 1
    wrapped = _wrap(storage, number, os.urandom(32))
    now = datetime.now(UTC)
    return await SecretKey.create(id=number, wrapped=wrapped, created_at=now, seals_from=now + lead)


def _wrap(storage: bytes, number: int, key: bytes) -> str:
    box = SecretBox({_FIRST: storage}, current=_FIRST)
    return box.seal(base64.b64encode(key).decode(), purpose=f"secret.key:{number}")


def _unwrap(storage: bytes, number: int, wrapped: str) -> bytes:
    box = SecretBox({_FIRST: storage}, current=_FIRST)
    try:
        return base64.b64decode(box.open(wrapped, purpose=f"secret.key:{number}"))
    except SecretUnreadable:
        raise ConfigError(
            f"key {number} of the ring does not open: TW_SECRET_KEY or secret.key is another than before"
        ) from None
