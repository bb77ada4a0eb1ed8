"""Identifiers: UUID version 7 (RFC 9562), so that rows made together lie together in an index."""

import os
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62


def uuid7() -> UUID:
    """Return a new time-ordered UUID: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high = (noise >> 68) & 0xFFF
    low = noise & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION | (high << 64) | _VARIANT | low)
