"""The crew: serve processes and the worker, kept running, and replaced one by one when asked."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from threatweaver import log
from threatweaver.processes.forking import Forked, Template, TemplateGone

_log = log.get(__name__)
_READY_WITHIN = 60.0  # seconds
_GRACE = 15.0
_CRASHES = 5  # in a row, each within ten seconds


class CrewError(Exception):
    """The crew cannot work; the message says what to do."""


@dataclass(slots=True)
class _Member:
    """One process that has to run, and when it was started, to slow a crash loop down."""

    name: str
    command: str
    handles: Mapping[str, int]
    farewell: signal.Signals = signal.SIGTERM  # what tells it that its successor is there
    process: Forked | None = None
    started: float = 0.0
    crashes: int = 0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Crew:
    """Forks what has to run from a template and watches it; `environment` is what each process gets."""

    environment: dict[str, str]
    template: Template
    stop: asyncio.Event
    members: list[_Member] = field(default_factory=list)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def prepare(self) -> dict[str, Any]:
        """Load the plugins, bring the database to this version; return what a start has to tell.

        Raises CrewError.
        """
        self.template = await self._loaded(self.template)
        return await self._prepared(self.template)

    async def _loaded(self, template: Template) -> Template:
        """Have a template load the admitted plugins; return another one, which has not, if that ends it.

        Raises CrewError.
        """
        modules = await self._told(template, "admit")
        try:
            await template.load(modules)
        except TemplateGone:
            await template.end()
            return await Template.start(self.environment)
        return template

    async def _prepared(self, template: Template) -> dict[str, Any]:
        found: dict[str, Any] = await self._told(template, "prepare")
        return found

    async def _told(self, template: Template, command: str) -> Any:
        """Return what a command finds. Raises CrewError."""
        _, text = await self._answered(template, command, command, {}, "--answer")
        told: dict[str, Any] = json.loads(text) if text else {"error": "it cannot start; the log says why"}
        if "error" in told:
            raise CrewError(told["error"])
        return told["found"]

    async def work(self, listening: int, processes: int, begun: asyncio.Event) -> None:
        """Keep serve processes and a worker running until stopped; the first one serves when `begun` is set.

        Raises CrewError when one of them cannot be kept running.
        """
        handles = {"--fd": listening}
        self.members = [
            _Member(f"serve-{n}", "serve", handles, signal.SIGQUIT) for n in range(1, processes + 1)
        ]
        self.members.append(_Member("worker", "worker", {}))
        first, *others = self.members
        async with asyncio.TaskGroup() as group:
            kept = [group.create_task(self._keep(first, begun))]
            await _either(begun, self.stop, within=_READY_WITHIN)
            if not self.stop.is_set():
                if not begun.is_set():
                    raise CrewError("the server does not become ready; the log says why")
                # After the first: all at once, on few cores, would only make everybody wait longer.
                kept += [group.create_task(self._keep(item, asyncio.Event())) for item in others]
            await self.stop.wait()
            for task in kept:
                task.cancel()

    async def _keep(self, member: _Member, begun: asyncio.Event) -> None:
        while not self.stop.is_set():
            async with member.changing:
                if member.process is None or member.process.ended.done():
                    await self._start(member, begun)
            process = member.process
            code = await process.wait() if process is not None else None
            if member.process is process and not self.stop.is_set():  # else it was replaced on purpose
                await self._after_death(member, code)

    async def _start(self, member: _Member, begun: asyncio.Event) -> None:
        member.started = time.monotonic()
        try:
            member.process, text = await self._answered(
                await self._living_template(), member.name, member.command, member.handles, "--ready"
            )
        except TemplateGone:
            member.process = None
            return
        if text:
            begun.set()

    async def _living_template(self) -> Template:
        async with self.changing:
            if self.template.gone:
                await self.template.end()
                self.template = await Template.start(self.environment)
                # Where the database is away, each process loads the plugins by itself.
                with suppress(CrewError, TemplateGone):
                    self.template = await self._loaded(self.template)
        return self.template

    async def _after_death(self, member: _Member, code: int | None) -> None:
        quick = time.monotonic() - member.started < 10
        member.crashes = member.crashes + 1 if quick else 0
        _log.error("process_died", child=member.name, code=code, crashes=member.crashes)
        if member.crashes >= _CRASHES:
            raise CrewError(f"{member.name} died five times at once; the log says why")
        await asyncio.sleep(0.2 * 2**member.crashes if quick else 0)

    async def _answered(
        self, template: Template, name: str, command: str, handles: Mapping[str, int], option: str
    ) -> tuple[Forked, bytes]:
        """Fork a process and read what it says through the descriptor of `option`, nothing if it dies."""
        reading, writing = os.pipe()
        try:
            process = await template.fork(
                name,
                command,
                "--name",
                name,
                handles={**handles, option: writing},
                environment=self.environment,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return process, await _read(reading)

    async def renew(self) -> bool:
        """Replace every process by one of a new template, which has loaded what is installed now.

        An old one ends when its successor is ready, so that no request meets a closed door. Says whether it
        was done; where the new ones do not start, nothing changes.
        """
        fresh = await Template.start(self.environment)
        try:
            fresh = await self._loaded(fresh)
            await self._prepared(fresh)
            for member in self.members:
                await asyncio.wait_for(self._replace(member, fresh), _READY_WITHIN)
        except (CrewError, TemplateGone, TimeoutError) as error:
            await _end(fresh.running)  # those that came already are started anew from the old template
            await fresh.end()
            _log.error("renewal_failed", cause=str(error) or "it took too long")
            return False
        async with self.changing:
            old, self.template = self.template, fresh
        await _end(old.running)
        await old.end()
        _log.info("renewed")
        return True

    async def _replace(self, member: _Member, fresh: Template) -> None:
        async with member.changing:
            process, text = await self._answered(
                fresh, member.name, member.command, member.handles, "--ready"
            )
            if not text:
                raise CrewError(f"the new {member.name} does not become ready")
            old, member.process, member.started = member.process, process, time.monotonic()
            if old is not None:
                old.kill(member.farewell)

    async def end(self) -> None:
        """End every process and the template."""
        await self.template.settled()  # what was ordered a moment ago is stopped, too
        await _end(self.template.running)
        await self.template.end()


async def _end(processes: list[Forked]) -> None:
    """Ask processes to end, and end those that take too long."""
    for process in processes:
        process.kill()
    waiting = [process.ended for process in processes]
    if waiting:
        await asyncio.wait(waiting, timeout=_GRACE)
        for process in processes:
            process.kill(signal.SIGKILL)
        await asyncio.wait(waiting)


async def _read(descriptor: int) -> bytes:
    """Return all that is written into a pipe until nobody can write any more."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    try:
        return await reader.read()
    finally:
        transport.close()


async def _either(*events: asyncio.Event, within: float) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
