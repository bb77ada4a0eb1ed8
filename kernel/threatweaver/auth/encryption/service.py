"""The key of the day, and the passwords that were encrypted with it."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from threatweaver.auth.encryption import jwe
from threatweaver.auth.encryption.errors import PasswordUnreadable
from threatweaver.auth.encryption.models import EncryptionKey
from threatweaver.auth.password.policy import MAX_LENGTH
from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_DAY = timedelta(days=1)
_FRESH = 300  # seconds between encryption and arrival, in both directions: clocks differ
_NONCE = range(16, 129)


async def current(kernel: "Kernel") -> EncryptionKey:
    """Return the key of the day; the first who asks makes it."""
    async with kernel.database.control(read_only=True):
        found = await _newest()
    if found is not None:
        return found
    kid = uuid7().hex
    public, private = await asyncio.to_thread(jwe.new_key, kid)
    async with kernel.database.control():
        await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('encryption key', 42))")
        found = await _newest()  # another process may have been faster
        if found is not None:
            return found
        return await EncryptionKey.create(
            kid=kid,
            public_jwk=public,
            private_jwk=kernel.secrets.seal(private, purpose=_purpose(kid)),
            expires_at=datetime.now(UTC) + _DAY,
        )


async def reveal(kernel: "Kernel", body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with its passwords in plain text, however they were sent. Raises PasswordUnreadable."""
    return {
        name: await _plain(kernel, value) if "password" in name else value for name, value in body.items()
    }


async def _plain(kernel: "Kernel", text: str) -> str:
    """A text of at most 256 characters is a password; a JWE for an RSA key of ours is always longer."""
    if len(text) <= MAX_LENGTH:
        return text
    kid = jwe.kid_of(text)
    async with kernel.database.control(read_only=True):
        key = await EncryptionKey.get_or_none(kid=kid, expires_at__gt=datetime.now(UTC) - _DAY)
    if key is None:
        raise PasswordUnreadable
    private = kernel.secrets.open(key.private_jwk, purpose=_purpose(kid))
    content = await asyncio.to_thread(jwe.open_with, private, text)
    if abs(time.time() - content.iat) > _FRESH or len(content.nonce) not in _NONCE:
        raise PasswordUnreadable
    if not 1 <= len(content.password) <= MAX_LENGTH or "\x00" in content.password:
        raise PasswordUnreadable
    await _spend(kernel, kid, content)
    return content.password


async def _spend(kernel: "Kernel", kid: str, content: jwe.Content) -> None:
    """Let a nonce count once, so that who recorded a sign-in cannot repeat it. Raises PasswordUnreadable."""
    digest = sha256(f"{kid}\n{content.nonce}".encode("utf-8", "replace")).hexdigest()
    async with kernel.database.control():
        fresh = await connection().fetchval(
            "INSERT INTO spent_nonce (key, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
            digest,
            datetime.fromtimestamp(content.iat + 2 * _FRESH, UTC),
        )
    if not fresh:
        raise PasswordUnreadable


async def _newest() -> EncryptionKey | None:
    return await EncryptionKey.filter(expires_at__gt=datetime.now(UTC)).order_by("-expires_at").first()


def _purpose(kid: str) -> str:
    return f"auth.encryption:{kid}"
