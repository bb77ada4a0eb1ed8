"""One serve process: applications come and go behind the same door, the process stays.

A license change builds a new application beside the old one; the old one answers what it has begun and goes
(docs/adr/0005).
"""

import asyncio
import os
import signal
import socket
import ssl
import time
from typing import Any

import asyncpg

from threatweaver import app as application
from threatweaver import log
from threatweaver.config import ConfigError, Settings
from threatweaver.db.transaction import Database, listen
from threatweaver.door import Door
from threatweaver.kernel import Kernel
from threatweaver.license import store as license_store
from threatweaver.secrets import ring

_DRAIN = 30.0
_RECOVERY = 120.0  # seconds a killed database may take to come back before the process gives up
_log = log.get(__name__)


async def serve(
    settings: Settings,
    dsn: str,
    listening: socket.socket,
    *,
    parent: int | None = None,
    ready: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until the parent's pipe closes; tell `ready` when it begins.

    SIGQUIT lets a successor take over: who has a connection open gets one more answer on it.
    """
    database = Database(dsn, size=settings.pool_size, statement_timeout=settings.statement_timeout)
    stop, leave, changed = asyncio.Event(), asyncio.Event(), asyncio.Event()
    watch_signals(stop, parent)
    asyncio.get_running_loop().add_signal_handler(signal.SIGQUIT, leave.set)
    await connect(database, stop, patiently=parent is not None)
    door = Door(drain=_DRAIN)
    kernel: Kernel | None = None
    seen = ""

    async def announced(_: str) -> None:
        if seen != await license_store.mark(database):
            changed.set()
        if kernel is not None:
            await ring.refresh(database, kernel.keys.storage, kernel.secrets)

    listener: asyncio.Task[None] | None = None
    try:
        while not (stop.is_set() or leave.is_set()):
            changed.clear()
            seen = await license_store.mark(database)
            kernel = await _enter(door, settings, database, kernel) or kernel
            if listener is None:
                await door.listen(listening, _tls(settings))
                tell(ready)
                listener = asyncio.create_task(listen(database, license_store.CHANNEL, announced, stop))
            await first(stop, leave, changed)
        if not stop.is_set():
            await door.leave()
    finally:
        stop.set()
        await door.close()
        if listener is not None:
            await ended(listener)
        await database.close()


async def _enter(door: Door, settings: Settings, database: Database, before: Kernel | None) -> Kernel | None:
    """Let an application of what is licensed now answer; None if it cannot be made and there is another one.

    Raises ConfigError when there is none.
    """
    try:
        kernel = await application.assemble(settings, database, before)
    except ConfigError as error:
        if door.closed:
            raise
        _log.error("application_not_changed", cause=str(error))
        return None
    await door.enter(kernel)
    state = kernel.license.evaluation().state.value
    _log.info("serving", license=state, routes=len(kernel.registry.routes))
    return kernel


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Return what TLS needs, None for plain HTTP; read anew with each application. Raises ConfigError."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot use TW_TLS_CERT and TW_TLS_KEY: {error}") from None
    return context


async def connect(database: Database, stop: asyncio.Event, *, patiently: bool) -> None:
    """Open the pool; under a supervisor wait for a server that is coming back. Raises ConfigError."""
    deadline = time.monotonic() + (_RECOVERY if patiently else 0)
    while not stop.is_set():
        try:
            await database.open()
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
            if time.monotonic() > deadline:
                raise ConfigError(f"cannot connect to the database: {error}") from None
            await asyncio.sleep(0.3)
        else:
            return


def tell(ready: int | None) -> None:
    """Say through a descriptor that this process does its work now, and close it."""
    if ready is not None:
        os.write(ready, b"ready")
        os.close(ready)


def watch_signals(stop: asyncio.Event, parent: int | None) -> None:
    """Set `stop` on SIGTERM, SIGINT, or when the parent process is gone and its pipe reads end-of-file."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if parent is not None:
        loop.add_reader(parent, _orphaned, loop, parent, stop)


def _orphaned(loop: asyncio.AbstractEventLoop, parent: int, stop: asyncio.Event) -> None:
    loop.remove_reader(parent)
    stop.set()


async def ended(task: asyncio.Task[Any]) -> None:
    """Wait for a task that was asked to end, and cancel it if it takes its time."""
    # Not cancelled at once: it may hold a connection, and a query cut short keeps that busy for seconds.
    _, late = await asyncio.wait({task}, timeout=3)
    for item in late:
        item.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def first(*events: asyncio.Event) -> None:
    """Return when one of the events is set."""
    tasks = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
