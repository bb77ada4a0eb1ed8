"""Threads for what waits for somebody else's server: a bounded pool, and a fair share of it for each."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

P = ParamSpec("P")
T = TypeVar("T")


class FairThreads:
    """A pool of `threads` of which the work of one key takes `each` at most; more of it waits in line.

    Without a share one slow server would hold every thread, and whoever else waits for another.
    """

    def __init__(self, name: str, *, threads: int, each: int, patience: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._each = each
        self._patience = patience
        # A line is there for as long as somebody waits or works in it.
        self._lines: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    async def run(self, key: Hashable, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread. Raises TimeoutError when its line does not move for `patience` seconds."""
        line = self._lines.setdefault(key, asyncio.Semaphore(self._each))
        async with asyncio.timeout(self._patience):
            await line.acquire()
        loop, place = asyncio.get_running_loop(), self._pool.submit(work, *args, **kwargs)

        def leave(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop may be over before a thread that nobody waits for
                loop.call_soon_threadsafe(line.release)

        place.add_done_callback(leave)  # of the thread's own end, whatever becomes of who waits for it
        return await asyncio.wrap_future(place)
