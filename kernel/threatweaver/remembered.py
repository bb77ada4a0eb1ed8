"""Values that a process may remember for some seconds; in that time a change takes effect everywhere."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SECONDS = 3.0
_MOST = 10_000


class Remembered(Generic[K, V]):
    """At most 10,000 values, each asked for again once it is `seconds` old."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._known: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return the value, from `load` when it is not known or too old."""
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        until = time.monotonic() + self._seconds  # counted from before the read, so it is never older
        value = await load()
        self._known[key] = (until, value)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return value

    def forget(self, key: K) -> None:
        """Drop a value, so that this process sees a change of its own at once."""
        self._known.pop(key, None)
