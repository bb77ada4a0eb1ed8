"""One worker process: runs jobs until told to stop, and starts anew when the license changes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from threatweaver import app as application
from threatweaver import log
from threatweaver.config import Settings
from threatweaver.db.transaction import LOST, Database, listen
from threatweaver.jobs import store
from threatweaver.jobs.worker import Worker
from threatweaver.kernel import Kernel
from threatweaver.license import store as license_store
from threatweaver.secrets import ring
from threatweaver.serve import connect, ended, first, tell, watch_signals
from threatweaver.tenancy import provision

_log = log.get(__name__)


async def work(settings: Settings, dsn: str, *, parent: int | None = None, ready: int | None = None) -> None:
    """Run jobs until SIGTERM or SIGINT, or until the parent's pipe closes; tell `ready` when it begins."""
    database = Database(dsn, size=settings.pool_size, statement_timeout=settings.statement_timeout)
    stop = asyncio.Event()
    watch_signals(stop, parent)
    await connect(database, stop, patiently=parent is not None)
    ending: set[asyncio.Task[None]] = set()
    try:
        while not stop.is_set():
            generation = await _Generation.begin(settings, database)
            tell(ready)
            ready = None
            await generation.until_change(stop)
            leaving = asyncio.create_task(generation.end())
            ending.add(leaving)
            leaving.add_done_callback(ending.discard)
            if generation.lost:
                await asyncio.sleep(0.5)
    finally:
        await asyncio.gather(*ending)
        await database.close()


@dataclass(slots=True)
class _Generation:
    """A worker of one license: what has begun when the next one comes is finished beside it."""

    database: Database
    kernel: Kernel
    worker: Worker
    seen: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    _running: asyncio.Task[None] | None = None
    _beside: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def begin(cls, settings: Settings, database: Database) -> "_Generation":
        seen = await license_store.mark(database)
        kernel = await application.assemble(settings, database)
        made = cls(database, kernel, Worker(kernel), seen)
        made._running = asyncio.create_task(made.worker.run())
        listening = listen(database, license_store.CHANNEL, made._announced, made.over)
        made._beside = [asyncio.create_task(listening), asyncio.create_task(made._set_up())]
        _log.info("working", jobs=len(kernel.registry.jobs))
        return made

    async def _announced(self, _: str) -> None:
        if self.seen != await license_store.mark(self.database):
            self.changed.set()
        await ring.refresh(self.database, self.kernel.keys.storage, self.kernel.secrets)

    async def _set_up(self) -> None:
        """Make the tables that modules lack in some tenants, and queue what waited for a module."""
        with suppress(*LOST):  # whoever comes next does it
            if count := await provision.bring_up_all(self.database, self.kernel.registry.apps):
                _log.info("tenants_brought_up", tenants=count)
            async with self.database.control():
                await store.release_served(self.kernel.registry.lanes)

    async def until_change(self, stop: asyncio.Event) -> None:
        """Return when there is to be another generation, or none."""
        leaving = asyncio.create_task(first(stop, self.changed))
        running = cast("asyncio.Task[None]", self._running)
        await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
        self.lost = running.done()
        await ended(leaving)

    async def end(self) -> None:
        """Take no more jobs, and finish those that have begun. Raises what the worker raised."""
        self.worker.stop()
        outcome = (await asyncio.gather(cast("asyncio.Task[None]", self._running), return_exceptions=True))[0]
        self.over.set()
        for task in self._beside:
            await ended(task)
        if isinstance(outcome, LOST):
            _log.warning("worker_lost_database", cause=repr(outcome)[:200])
        elif isinstance(outcome, BaseException):
            raise outcome
