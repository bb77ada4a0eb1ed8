"""The template: a process that loads the product once, and from which the others are forked.

It runs neither event loop nor thread, so that a fork is a clean copy, ready in milliseconds and sharing its
memory. A socket brings orders, a JSON message a packet with the descriptors that go along; back go process
ids and exit codes (docs/adr/0022).
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import setproctitle

MESSAGE = 64 << 10
DESCRIPTORS = 8

Command = Callable[[list[str]], object]


def name_process(name: str) -> None:
    """Let `ps` show what this process is, and for which home."""
    setproctitle.setproctitle(f"threatweaver: {name} {os.environ.get('TW_HOME', '')}")


def serve_orders(control: socket.socket, command: Command) -> None:
    """Fork a process for each order until the supervisor's end closes; `command(arguments)` is its work."""
    _Template(control, command).run()


def _load(modules: Sequence[str]) -> None:
    """Import modules, so that no fork has to; one that does not import is left to those who need it.

    Ends this process if one of them started a thread, which no fork would have.
    """
    gc.disable()  # nothing of what is loaded will be garbage
    for name in modules:
        with suppress(Exception):
            importlib.import_module(name)
    gc.enable()
    _freeze()
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        sys.exit("a plugin starts a thread when it is imported: each process imports it by itself")


def _freeze() -> None:
    gc.collect()
    gc.freeze()  # what is loaded is never garbage: collecting it would copy its pages in every fork


class _Template:
    def __init__(self, control: socket.socket, command: Command) -> None:
        self.control = control
        self.command = command
        # Only this process holds the writing end: when it is gone, its forks read end-of-file and stop.
        self.alive = os.pipe()
        self.ended = socket.socketpair()

    def run(self) -> None:
        name_process("template")  # finds its place before the environment changes
        _freeze()
        for end in self.ended:
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.ended[1].fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as ready:
            ready.register(self.control, selectors.EVENT_READ)
            ready.register(self.ended[0], selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is self.control:
                        if not self._take_order():
                            return
                    else:
                        self.ended[0].recv(4096)
                        self._tell_ended()

    def _take_order(self) -> bool:
        """Fork what the next order asks for; say False when there is nobody left to give one."""
        text, handles, *_ = socket.recv_fds(self.control, MESSAGE, DESCRIPTORS)
        if not text:
            return False
        order = json.loads(text)
        if "load" in order:
            _load(order["load"])
            self._tell({"loaded": len(order["load"])})
            return True
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            self._become(order, handles)
        for handle in handles:
            os.close(handle)
        self._tell({"started": pid})
        return True

    def _become(self, order: dict[str, Any], handles: list[int]) -> NoReturn:
        """Run the order's command in this fork, and end with its exit code."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.control.close()
            for end in self.ended:
                end.close()
            os.close(self.alive[1])
            os.environ.update(order["environment"])
            name_process(order["name"])
            arguments = [*order["arguments"], "--parent", str(self.alive[0])]
            for option, handle in zip(order["options"], handles, strict=True):
                arguments += [option, str(handle)]
            self.command(arguments)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:  # noqa: BLE001 - the edge of a process: say it and end, whatever it was
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _tell_ended(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _tell(self, message: dict[str, int]) -> None:
        try:
            self.control.send(json.dumps(message).encode())
        except (BrokenPipeError, ConnectionResetError):
            return  # the supervisor is gone; the next order that does not come says so
