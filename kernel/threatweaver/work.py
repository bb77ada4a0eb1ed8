"""One worker process: runs jobs until told to stop, and starts anew when the license changes."""

import asyncio

import asyncpg

from threatweaver import app as application
from threatweaver import log
from threatweaver.config import Settings
from threatweaver.db.transaction import Database, listen
from threatweaver.jobs.worker import Worker
from threatweaver.license import store as license_store
from threatweaver.secrets import ring
from threatweaver.serve import connect, ended, first, tell, watch_signals

_log = log.get(__name__)


async def work(settings: Settings, dsn: str, *, parent: int | None = None, ready: int | None = None) -> None:
    """Run jobs until SIGTERM or SIGINT, or until the parent's pipe closes; tell `ready` when it begins."""
    database = Database(dsn, size=settings.pool_size, statement_timeout=settings.statement_timeout)
    stop = asyncio.Event()
    watch_signals(stop, parent)
    await connect(database, stop, patiently=parent is not None)
    try:
        while not stop.is_set():
            await _until_change(settings, database, stop, ready)
            ready = None
    finally:
        await database.close()


async def _until_change(
    settings: Settings, database: Database, stop: asyncio.Event, ready: int | None
) -> None:
    """Run one worker until stop, a license change, or the loss of its database connection."""
    kernel = await application.assemble(settings, database)
    changed, over = asyncio.Event(), asyncio.Event()

    async def announced(_: str) -> None:
        claims = await license_store.current(database, settings)
        if kernel.license.jti != (claims.jti if claims else None):
            changed.set()
        await ring.refresh(database, kernel.keys.storage, kernel.secrets)

    worker = Worker(kernel)
    listener = asyncio.create_task(listen(database, license_store.CHANNEL, announced, over))
    running = asyncio.create_task(worker.run())
    leaving = asyncio.create_task(first(stop, changed))
    _log.info("working", jobs=len(kernel.registry.jobs))
    tell(ready)
    await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
    worker.stop()
    outcome = (await asyncio.gather(running, return_exceptions=True))[0]
    over.set()
    leaving.cancel()
    await ended(listener)
    await ended(leaving)
    if isinstance(outcome, (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        _log.warning("worker_lost_database", cause=repr(outcome)[:200])
        await asyncio.sleep(0.5)
    elif isinstance(outcome, BaseException):
        raise outcome
