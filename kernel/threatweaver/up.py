"""`threatweaver up`: the whole product under one supervisor, with an embedded PostgreSQL by default.

The supervisor owns the database server and the listening socket; serve and worker processes are its
children, started anew when they die. A pipe that only it holds open tells them when it is gone.
"""

import asyncio
import errno
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import asyncpg

from threatweaver import bootstrap, log
from threatweaver.config import ConfigError, Settings
from threatweaver.db import embedded
from threatweaver.db.embedded import EmbeddedServer
from threatweaver.db.transaction import Database
from threatweaver.serve import bind_socket

_log = log.get(__name__)
_GRACE = 15.0
_READY_WITHIN = 60.0


class StartError(Exception):
    """The product cannot start; the message says what to do."""


@dataclass(slots=True)
class _Child:
    """One process and when it was started, to slow a crash loop down."""

    name: str
    arguments: list[str]
    process: asyncio.subprocess.Process | None = None
    started: float = 0.0
    crashes: int = 0


@dataclass(slots=True)
class Supervisor:
    """Starts, watches and stops everything."""

    settings: Settings
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    server: EmbeddedServer | None = None
    children: list[_Child] = field(default_factory=list)
    _pipe: tuple[int, int] = (-1, -1)

    async def run(self, ready: Callable[[bootstrap.Installation, str], None]) -> None:
        """Start, call `ready(installation, url)` once everything answers, watch until stopped, stop all."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        lock = self._lock()
        try:
            dsn = await self._database()
            if self.stop.is_set():
                return
            listening = await self._socket()
            installation = await self._prepare(dsn)
            if self.stop.is_set():
                return
            self._plan_children(listening)
            scheme = "https" if self.settings.tls_cert else "http"
            url = f"{scheme}://{_host(self.settings)}:{listening.getsockname()[1]}"
            async with asyncio.TaskGroup() as group:
                first, *others = self.children
                watchers = [group.create_task(self._watch_database())]
                watchers.append(group.create_task(self._watch(first, dsn, listening)))
                await self._until_ready(url)
                if not self.stop.is_set():
                    # After the first: all at once, on few cores, would only make everybody wait longer.
                    watchers += [group.create_task(self._watch(item, dsn, listening)) for item in others]
                    await self._begun(others)
                    ready(installation, url)
                await self.stop.wait()
                for task in watchers:
                    task.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            await self._stop_all()
            os.close(lock)

    def _lock(self) -> int:
        """Hold the home for this process alone; the system lets go of it however the process ends."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.settings.home / "up.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StartError(
                f"ThreatWeaver already runs on {self.settings.home}; stop it, or choose another --home"
            ) from None
        return handle

    async def _database(self) -> str:
        if self.settings.database_url:
            return self.settings.database_url
        self.server = await embedded.start(self.settings.home)
        return self.server.dsn

    async def _socket(self) -> socket.socket:
        """Bind, waiting briefly for the processes of a killed predecessor to let go."""
        deadline = time.monotonic() + 5
        while True:
            try:
                return bind_socket(self.settings)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    where = f"{self.settings.host}:{self.settings.port}"
                    raise StartError(
                        f"cannot listen on {where}: {error.strerror}; choose another --port"
                    ) from None
                await asyncio.sleep(0.2)

    async def _prepare(self, dsn: str) -> bootstrap.Installation:
        self.settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = Database(dsn, size=2, statement_timeout=600)
        try:
            await database.open()
        except UNREACHABLE as error:
            raise StartError(f"cannot connect to the database: {error}; see DATABASE_URL") from None
        try:
            return await bootstrap.prepare(database, self.settings)
        finally:
            await database.close()

    def _plan_children(self, listening: socket.socket) -> None:
        self._pipe = os.pipe()
        base = [sys.executable, "-m", "threatweaver"]
        self.children = [
            _Child(f"serve-{number}", [*base, "serve", "--fd", str(listening.fileno())])
            for number in range(1, self.settings.processes + 1)
        ]
        self.children.append(_Child("worker", [*base, "worker"]))

    async def _start(self, child: _Child, dsn: str, listening: socket.socket) -> None:
        child.started = time.monotonic()
        child.process = await asyncio.create_subprocess_exec(
            *child.arguments,
            "--name",
            child.name,
            "--parent",
            str(self._pipe[0]),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(self._pipe[0], listening.fileno()),
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
            env={
                **os.environ,
                "DATABASE_URL": dsn,
                "TW_HOME": str(self.settings.home),
                "TW_HOST": self.settings.host,
                **{
                    name: str(path)
                    for name, path in (
                        ("TW_TLS_CERT", self.settings.tls_cert),
                        ("TW_TLS_KEY", self.settings.tls_key),
                    )
                    if path is not None
                },
            },
        )

    async def _watch(self, child: _Child, dsn: str, listening: socket.socket) -> None:
        while not self.stop.is_set():
            await self._start(child, dsn, listening)
            if child.process is None:
                return
            code = await child.process.wait()
            if self.stop.is_set():
                return
            quick = time.monotonic() - child.started < 10
            child.crashes = child.crashes + 1 if quick else 0
            _log.error("process_died", child=child.name, code=code, crashes=child.crashes)
            if child.crashes >= 5:
                raise StartError(f"{child.name} died five times at once; the log says why")
            await asyncio.sleep(0.2 * 2**child.crashes if quick else 0)

    async def _begun(self, children: list[_Child]) -> None:
        for child in children:
            while child.process is None and not self.stop.is_set():  # noqa: ASYNC110 - milliseconds
                await asyncio.sleep(0.01)

    async def _watch_database(self) -> None:
        """Bring a killed embedded server back; PostgreSQL recovers by itself."""
        while self.server is not None and not self.stop.is_set():
            await asyncio.sleep(0.5)
            if await embedded.status(self.server) is None and not self.stop.is_set():
                _log.error("database_died")
                self.server = await embedded.start(self.settings.home)
                _log.info("database_recovered")

    async def _until_ready(self, url: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        async with aiohttp.ClientSession() as client:
            while not self.stop.is_set():
                try:
                    async with client.get(
                        f"{url}/api/health/ready",
                        timeout=aiohttp.ClientTimeout(2),
                        ssl=False,  # our own child on this machine; the certificate names another host
                    ) as answer:
                        if answer.status == 200:
                            return
                except (OSError, TimeoutError, aiohttp.ClientError):
                    pass
                if time.monotonic() > deadline:
                    raise StartError("the server does not become ready; the log says why")
                await asyncio.sleep(0.05)

    async def _stop_all(self) -> None:
        self.stop.set()
        running = [
            child.process for child in self.children if child.process and child.process.returncode is None
        ]
        for process in running:
            process.terminate()
        waiting = [asyncio.create_task(process.wait()) for process in running]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=_GRACE)
            for process in running:
                if process.returncode is None:
                    process.kill()
            await asyncio.gather(*late)
        if self.server is not None:
            await embedded.stop(self.server)


def _host(settings: Settings) -> str:
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{settings.host}]" if ":" in settings.host else settings.host


UNREACHABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
ERRORS = (StartError, ConfigError, embedded.EmbeddedError)
