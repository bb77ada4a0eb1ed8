"""`threatweaver up`: the whole product under one supervisor, with an embedded PostgreSQL by default.

The supervisor owns the database server and the listening socket, and loads little itself: what works is
forked from a template (docs/adr/0022). On SIGHUP it replaces all of that by what is installed now.
"""

import asyncio
import fcntl
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from threatweaver import log
from threatweaver.config import ConfigError, Settings
from threatweaver.db import embedded
from threatweaver.db.embedded import EmbeddedServer
from threatweaver.processes import listening
from threatweaver.processes.crew import Crew, CrewError
from threatweaver.processes.forking import Template, TemplateGone

_log = log.get(__name__)
_PATIENCE = 5.0  # seconds for the processes of a killed predecessor to let go of the port


class StartError(Exception):
    """The product cannot start; the message says what to do."""


ERRORS = (StartError, ConfigError, CrewError, TemplateGone, embedded.EmbeddedError)
"""What can keep the product from starting, and ends the command with one line."""


@dataclass(slots=True)
class Supervisor:
    """Starts, watches and stops everything."""

    settings: Settings
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    renewal: asyncio.Event = field(default_factory=asyncio.Event)
    server: EmbeddedServer | None = None
    crew: Crew | None = None

    async def run(self, ready: Callable[[dict[str, Any], str], None]) -> None:
        """Start, call `ready(installation, url)` once it answers, watch until stopped, stop all.

        Raises one of ERRORS.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.renewal.set)
        lock = self._lock()
        try:
            environment = self._environment()
            self.crew = Crew(environment, await Template.start(environment), self.stop)
            await self._run(self.crew, ready)
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            await self._stop_all()
            os.close(lock)

    async def _run(self, crew: Crew, ready: Callable[[dict[str, Any], str], None]) -> None:
        crew.environment["DATABASE_URL"] = await self._database()
        if self.stop.is_set():
            return
        with await listening.bind(self.settings, patience=_PATIENCE) as door:
            installation = await crew.prepare()
            if self.stop.is_set():
                return
            scheme = "https" if self.settings.tls_cert else "http"
            url = f"{scheme}://{_host(self.settings)}:{door.getsockname()[1]}"
            begun = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._watch_database()), group.create_task(self._renew(crew))]
                beside.append(group.create_task(_then(begun, lambda: ready(installation, url))))
                await crew.work(door.fileno(), self.settings.processes, begun)
                for task in beside:
                    task.cancel()

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

    def _environment(self) -> dict[str, str]:
        """Return what the processes are told: this environment, and what flags said instead."""
        flags = {
            "TW_HOME": self.settings.home,
            "TW_HOST": self.settings.host,
            "TW_TLS_CERT": self.settings.tls_cert,
            "TW_TLS_KEY": self.settings.tls_key,
        }
        return {**os.environ, **{name: str(value) for name, value in flags.items() if value is not None}}

    async def _database(self) -> str:
        if self.settings.database_url:
            return self.settings.database_url
        self.server = await embedded.start(self.settings.home)
        return self.server.dsn

    async def _watch_database(self) -> None:
        """Bring a killed embedded server back; PostgreSQL recovers by itself."""
        while self.server is not None and not self.stop.is_set():
            await asyncio.sleep(0.5)
            if await embedded.status(self.server) is None and not self.stop.is_set():
                _log.error("database_died")
                self.server = await embedded.start(self.settings.home)
                _log.info("database_recovered")

    async def _renew(self, crew: Crew) -> None:
        while True:
            await self.renewal.wait()
            self.renewal.clear()
            await crew.renew()

    async def _stop_all(self) -> None:
        self.stop.set()
        if self.crew is not None:
            await self.crew.end()
        if self.server is not None:
            await embedded.stop(self.server)


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _then(event: asyncio.Event, act: Callable[[], None]) -> None:
    await event.wait()
    act()


def _host(settings: Settings) -> str:
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{settings.host}]" if ":" in settings.host else settings.host
