"""Signals: what a transaction announces wakes at its commit who waits for it, in every process.

A signal says that there is something to read, never what. While somebody waits, a process holds one
connection for all of them, beside its pool.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from threatweaver.db.transaction import Database, connection, current, listen

_CHANNEL = "threatweaver_signal"


async def announce(topic: str) -> None:
    """Wake who waits for a topic of this tenant, at the commit; once, however often it is said."""
    await connection().execute("SELECT pg_notify($1, $2)", _CHANNEL, f"{current('tenant').schema} {topic}")


class Waiting:
    """Somebody who waits for one topic."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._heard = asyncio.Event()

    def wake(self) -> None:
        """Let a wait, this one or the next, end at once."""
        self._heard.set()

    async def wait(self, seconds: float, stopping: asyncio.Event) -> bool:
        """Return whether there was a signal since the last wait; once there is, time is up or this stops."""
        ends = [asyncio.ensure_future(event.wait()) for event in (self._heard, stopping)]
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        heard = self._heard.is_set()
        self._heard.clear()
        return heard


class Signals:
    """The signals that reach this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: set[Waiting] = set()
        self._over = asyncio.Event()
        self._listening: set[asyncio.Task[None]] = set()  # one, and those before that are about to end

    @asynccontextmanager
    async def waiting(self, schema: str, topic: str) -> AsyncIterator[Waiting]:
        """Hear every signal of a tenant's topic from now on: look for what is there inside, then wait.

        A wait may end without a signal: when listening begins, and begins anew after the database was away.
        """
        mine = Waiting(f"{schema} {topic}")
        if not self._waiting:
            self._listen()
        self._waiting.add(mine)
        try:
            yield mine
        finally:
            self._waiting.discard(mine)
            if not self._waiting:
                self._over.set()

    def _listen(self) -> None:
        self._over = asyncio.Event()
        listening = asyncio.create_task(listen(self._database, _CHANNEL, self._received, self._over))
        self._listening.add(listening)
        listening.add_done_callback(self._listening.discard)

    async def _received(self, topic: str) -> None:
        for item in self._waiting:
            if topic in ("", item.topic):
                item.wake()
