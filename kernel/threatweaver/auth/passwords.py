"""Passwords: argon2id, off the event loop, at the same cost whether the account exists or not."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from threatweaver.http.errors import ServiceUnavailable

T = TypeVar("T")

# OWASP's second recommendation: 19 MiB, two passes, one lane; about 26 ms on the reference machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_MOST_WAITING = 100  # passwords at a time, about two seconds' work: whoever comes then is told to come again
# What no password fits, at the same cost: hashing one for it would take 45 ms at each start of anything.
_COST = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
_DUMMY = f"$argon2id$v=19${_COST}${'A' * 22}${'A' * 43}"
_ARGON2 = "$argon2id$"
NONE = "-"  # stored of an account without a password: no hash looks like this, so no password fits it


def generate() -> str:
    """Return a password with 120 bits of randomness."""
    return secrets.token_urlsafe(15)


def normalized(password: str) -> str:
    """Return a password as it is compared: NFKC, so that every keyboard types the same one."""
    return unicodedata.normalize("NFKC", password)


def is_set(stored: str) -> bool:
    """Say whether an account has a password; one of single sign-on has none."""
    return stored.startswith(_ARGON2)


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password. Raises ServiceUnavailable."""
    return await _in_line(_HASHER.hash, normalized(password))


async def verify(stored: str | None, password: str) -> bool:
    """Say whether the password is right; without a stored hash, spend the time and say no.

    Raises ServiceUnavailable.
    """
    known = stored if stored is not None and is_set(stored) else None
    good = await _in_line(_verify, known or _DUMMY, normalized(password))
    return good and known is not None


_waiting: set[object] = set()


async def _in_line(work: Callable[..., T], *arguments: str) -> T:
    """Do the work in a thread, once those before are done. Raises ServiceUnavailable for a long line."""
    if len(_waiting) >= _MOST_WAITING:
        raise ServiceUnavailable(headers={"Retry-After": "2"})
    place = asyncio.get_running_loop().run_in_executor(_POOL, work, *arguments)
    _waiting.add(place)  # until the thread is done with it, even if nobody waits for it any more
    place.add_done_callback(_waiting.discard)
    return await place


async def renewed(stored: str, password: str) -> str | None:
    """Return a new hash of a right password when the stored one was made with other parameters."""
    return await hash_password(password) if _HASHER.check_needs_rehash(stored) else None


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
