"""One-time codes (RFC 6238) from the seed that an authenticator application has.

Not by pyotp: it refuses seeds below 112 bits, and those of the applications to be scanned are often 80 bits.
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Totp:
    """A seed in base32, with or without spaces."""

    seed: str = field(repr=False)
    digits: int = 6
    seconds: int = 30
    algorithm: str = "sha1"
    """Or sha256, or sha512."""

    def code(self, at: float | None = None) -> str:
        """Return the code of now; ValueError where the seed is not in base32."""
        return self._code(int(time.time() if at is None else at))

    def wrong(self, at: float | None = None) -> str:
        """Return a code that is neither the one of now nor one of its neighbors."""
        now = int(time.time() if at is None else at)
        near = {self._code(now + step * self.seconds) for step in range(-3, 4)}
        return next(text for number in range(10) if (text := str(number) * self.digits) not in near)

    def _code(self, at: int) -> str:
        seed = self.seed.replace(" ", "").replace("-", "").upper().rstrip("=")
        key = base64.b32decode(seed + "=" * (-len(seed) % 8))
        if not key or self.algorithm not in {"sha1", "sha256", "sha512"}:
            raise ValueError("no seed, or an algorithm that no authenticator has")
        counter = max(0, at // self.seconds).to_bytes(8, "big")
        digest = hmac.new(key, counter, getattr(hashlib, self.algorithm)).digest()
        start = digest[-1] & 15
        number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self.digits).zfill(self.digits)
