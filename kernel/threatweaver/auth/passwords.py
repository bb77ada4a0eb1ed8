"""Passwords: argon2id, off the event loop, at the same cost whether the account exists or not."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's second recommendation: 19 MiB, two passes, one lane; about 26 ms on the reference machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_DUMMY = _HASHER.hash("no such account")
MIN_LENGTH = 12


def generate() -> str:
    """Return a password with 120 bits of randomness."""
    return secrets.token_urlsafe(15)


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


async def verify(stored: str | None, password: str) -> bool:
    """Say whether the password is right; without a stored hash, spend the time and say no."""
    good = await asyncio.get_running_loop().run_in_executor(_POOL, _verify, stored or _DUMMY, password)
    return good and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
