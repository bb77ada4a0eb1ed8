"""The supervisor's side of the template: start it, have processes forked from it, learn how they end."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from threatweaver.processes.template import MESSAGE

LOST = -signal.SIGKILL
"""The exit code of a process whose template is gone, so that nobody can tell its own."""


class TemplateGone(Exception):
    """The template has ended."""

    def __init__(self) -> None:
        super().__init__("the product does not load; the log says why")


@dataclass(slots=True)
class Forked:
    """A running process that was forked from the template."""

    pid: int
    ended: asyncio.Future[int]

    async def wait(self) -> int:
        """Return the exit code, once there is one; LOST if nobody can tell."""
        return await asyncio.shield(self.ended)  # whoever waits may be cancelled, the process goes on

    def kill(self, number: int = signal.SIGTERM) -> None:
        """Send a signal, if the process still runs."""
        if not self.ended.done():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return  # its end is about to be told


@dataclass(slots=True)
class Template:
    """The template as the supervisor knows it."""

    process: asyncio.subprocess.Process
    control: socket.socket
    gone: bool = False
    _starting: deque[asyncio.Future[Forked]] = field(default_factory=deque)
    _loading: asyncio.Future[None] | None = None
    _running: dict[int, Forked] = field(default_factory=dict)

    @property
    def running(self) -> list[Forked]:
        """Return every process that was forked from this template and has not ended."""
        return list(self._running.values())

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> "Template":
        """Start a template; it takes orders at once and carries them out when it has loaded the product."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "threatweaver",
                "template",
                "--fd",
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops all in order
                env=dict(environment),
            )
        ours.setblocking(False)
        template = cls(process=process, control=ours)
        asyncio.get_running_loop().add_reader(ours, template._hear)
        return template

    async def load(self, modules: Sequence[str]) -> None:
        """Have the template import modules, so that what is forked need not. Raises TemplateGone."""
        self._order({"load": modules})
        self._loading = asyncio.get_running_loop().create_future()
        await self._loading

    async def fork(
        self,
        name: str,
        *arguments: str,
        handles: Mapping[str, int] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Forked:
        """Return a new process that runs these arguments; each handle is a descriptor for an option.

        Raises TemplateGone.
        """
        given = handles or {}
        order = {
            "arguments": arguments,
            "options": list(given),
            "environment": dict(environment or {}),
            "name": name,
        }
        self._order(order, given.values())
        started: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._starting.append(started)
        return await started

    def _order(self, order: Mapping[str, Any], handles: Iterable[int] = ()) -> None:
        if self.gone:
            raise TemplateGone
        try:
            socket.send_fds(self.control, [json.dumps(order).encode()], list(handles))
        except OSError:
            raise TemplateGone from None

    def _hear(self) -> None:
        try:
            text = self.control.recv(MESSAGE)
        except BlockingIOError:
            return
        except OSError:
            text = b""
        if not text:
            self._lose()
            return
        message = json.loads(text)
        if "started" in message:
            forked = Forked(message["started"], asyncio.get_running_loop().create_future())
            self._running[forked.pid] = forked
            started = self._starting.popleft()
            if not started.done():  # who asked was cancelled: it is stopped with all others
                started.set_result(forked)
        elif "loaded" in message:
            if self._loading is not None and not self._loading.done():
                self._loading.set_result(None)
        else:
            self._running.pop(message["ended"]).ended.set_result(message["code"])

    def _lose(self) -> None:
        self.gone = True
        asyncio.get_running_loop().remove_reader(self.control)
        self.control.close()
        for started in self._starting:
            if not started.done():
                started.set_exception(TemplateGone())
        if self._loading is not None and not self._loading.done():
            self._loading.set_exception(TemplateGone())
        for forked in self._running.values():
            forked.ended.set_result(LOST)
        self._starting.clear()
        self._running.clear()

    async def settled(self) -> None:
        """Return when every process that was ordered is known."""
        while self._starting and not self.gone:  # noqa: ASYNC110 - it forks in milliseconds, or is gone
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Let the template go; what was forked from it stops by itself, if it has not yet."""
        if not self.gone:
            self._lose()
        await self.process.wait()
