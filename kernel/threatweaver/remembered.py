"""Values that a process may remember for some seconds; in that time a change takes effect everywhere."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from threatweaver.db.transaction import in_scope

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SECONDS = 3.0
_MOST = 10_000


class Turns(Generic[K]):
    """Lets one ask for a key while the others wait, and find what it found."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: K) -> AsyncIterator[None]:
        """Wait for those who ask for this key. Who holds a connection does not: they may wait for one."""
        if in_scope():
            yield
            return
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        async with lock:
            yield


class Remembered(Generic[K, V]):
    """At most 10,000 values, each asked for again once it is three seconds old, by one request at a time."""

    def __init__(self, good_for: Callable[[V], float] = lambda _: SECONDS) -> None:
        """`good_for` says for how many seconds a value is good, where that may be less."""
        self._good_for = good_for
        self._known: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._turns: Turns[K] = Turns()
        self._forgotten = 0

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return the value, from `load` when it is not known or too old."""
        if (known := self._fresh(key)) is not None:
            return known[1]
        async with self._turns.of(key):
            if (known := self._fresh(key)) is not None:
                return known[1]
            began, forgotten = time.monotonic(), self._forgotten  # before the read: it is never older
            value = await load()
            if (
                forgotten == self._forgotten
            ):  # else it may be from before the change: answer, remember nothing
                self._known[key] = (began + min(SECONDS, self._good_for(value)), value)
                self._known.move_to_end(key)
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)
            return value

    def forget(self, key: K) -> None:
        """Drop a value, so that this process sees a change of its own at once."""
        self._known.pop(key, None)
        self._forgotten += 1

    def clear(self) -> None:
        """Drop all of them."""
        self._known.clear()
        self._forgotten += 1

    def _fresh(self, key: K) -> tuple[float, V] | None:
        known = self._known.get(key)
        return known if known is not None and known[0] > time.monotonic() else None
