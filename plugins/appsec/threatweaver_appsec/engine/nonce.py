"""Fresh values that are the same at each run of a scan: they depend on where they are used, not on when."""

import string
from collections.abc import Callable
from hashlib import sha256
from random import Random

New = Callable[[str], str | None]
"""Makes the callback URL of a token, None where the scan has no listener."""


def no_callback(_: str) -> None:
    """Make no URL: the scan has no listener."""


class SeededNonce:
    """An `agent.Nonce` of one place: a scan's seed and what is tested, where, and for which time."""

    def __init__(self, seed: str, *place: str | int, new: New = no_callback) -> None:
        digest = sha256("\x1f".join((seed, *map(str, place))).encode("utf-8", "replace")).digest()
        self._random = Random(digest)  # noqa: S311 - to be repeated, not to be a secret
        self._new = new

    def word(self, length: int = 8) -> str:
        """Return lower-case letters that stand nowhere else."""
        return "".join(self._random.choices(string.ascii_lowercase, k=length))

    def number(self, low: int, high: int) -> int:
        """Return a number between both, both included."""
        return self._random.randint(low, high)

    def callback(self) -> str | None:
        """Return a URL that only the target can call now, None where the scan has no listener."""
        return self._new(self.word(20))
