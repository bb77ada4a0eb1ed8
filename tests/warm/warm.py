"""Commands as processes of their own, forked from one that has loaded their modules: a start costs nothing.

A command gets its arguments, environment, folder and descriptors like one that a shell starts, and ends like
it. What the start itself does (entry points, the order of imports) is seen by the tests that run the
installed commands: of the product `up`, of the tool the one of its examples.

What a command starts by `sys.executable -m` is forked, too, if it is the same program (relay.py).
"""

import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import setproctitle
from relay import order, ordered

HERE = Path(__file__).parent
LAUNCHER = """#!{python} -IS
import sys
sys.path.insert(0, {here!r})
import relay
relay.run({python!r}, {socket!r})
"""


class Warm:
    """One loaded process for a command; `entry` is `module:function`, as in an entry point.

    `path` is a folder that modules are looked for in as well.
    """

    def __init__(self, entry: str, *modules: str, path: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tw-warm-")
        self._socket = f"{self._folder.name}/socket"
        launcher = Path(self._folder.name, "python")
        launcher.write_text(LAUNCHER.format(python=sys.executable, here=str(HERE), socket=self._socket))
        launcher.chmod(0o755)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._socket)
        listening.listen(64)
        given = os.environ.get("PYTHONPATH", "")
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(listening.fileno()), str(launcher), entry, *modules],
            pass_fds=[listening.fileno()],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [path, given]))},
            stdin=subprocess.PIPE,  # what comes through it is its end, at the latest that of this process
        )
        listening.close()

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Raises subprocess.TimeoutExpired, like `subprocess.run`."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            running = self.start(argv, env=env, out=out.fileno(), err=err.fileno())
            try:
                code = running.wait(timeout)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.wait()
                raise
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(list(argv), code, *texts)

    def start(
        self, argv: Sequence[str], *, env: Mapping[str, str], out: int, err: int, session: bool = False
    ) -> "Running":
        """Start a command that writes into these descriptors, in a session of its own if so wanted."""
        given = {"argv": list(argv), "env": dict(env), "cwd": str(Path.cwd())}
        return Running(list(argv), order(self._socket, given, {1: out, 2: err}, session=session))


class Running:
    """A command that was started; it is asked like a `subprocess.Popen`."""

    def __init__(self, argv: list[str], call: socket.socket) -> None:
        self.args, self._call, self._told = argv, call, b""
        self.pid = int(self._line(60))
        self.returncode: int | None = None

    def _line(self, timeout: float | None) -> bytes:
        """Return what is told next. Raises TimeoutError."""
        self._call.settimeout(timeout)
        while b"\n" not in self._told:
            more = self._call.recv(64)
            if not more:
                raise ConnectionResetError("the process that commands are forked from is gone")
            self._told += more
        line, _, self._told = self._told.partition(b"\n")
        return line

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            try:
                self.returncode = int(self._line(timeout))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._call.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _serve(listening: socket.socket, launcher: str, entry: str, modules: Sequence[str]) -> None:
    module, function = entry.split(":")
    command = getattr(importlib.import_module(module), function)
    for name in modules:
        importlib.import_module(name)
    sys.executable = launcher
    setproctitle.setproctitle("warm")  # finds its place before the environment changes
    gc.collect()
    gc.freeze()
    while listening in select.select([listening, sys.stdin], [], [])[0]:
        call, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _attend(call, command)
        call.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _attend(call: socket.socket, command) -> NoReturn:
    """Start the command that was ordered, tell its process id, wait for it, and tell its exit code."""
    text, handles = ordered(call)
    pid = os.fork()
    if pid == 0:
        call.close()
        _become(json.loads(text), handles, command)
    with suppress(BrokenPipeError):
        call.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        call.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(wanted: dict, handles: list[int], command) -> NoReturn:
    code = 1
    try:
        if wanted["session"]:
            os.setsid()
        _place({0: os.open(os.devnull, os.O_RDONLY)} | dict(zip(wanted["numbers"], handles, strict=True)))
        os.environ.clear()
        os.environ.update(wanted["env"])
        os.chdir(wanted["cwd"])
        given = wanted["env"].get("PYTHONPATH", "")  # as a Python that starts does
        sys.path[1:1] = [path for path in given.split(os.pathsep) if path and path not in sys.path]
        sys.argv = wanted["argv"]
        setproctitle.setproctitle(" ".join(sys.argv))
        ended = command()
        code = ended if isinstance(ended, int) else 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the edge of a process: say it and end, whatever it was
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _place(handles: Mapping[int, int]) -> None:
    """Give each descriptor the number that the command knows it by."""
    above = 1 + max(handles)
    moved = {number: fcntl.fcntl(handle, fcntl.F_DUPFD, above) for number, handle in handles.items()}
    for handle in handles.values():
        os.close(handle)
    for number, handle in moved.items():
        os.dup2(handle, number)
        os.close(handle)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), *sys.argv[2:4], sys.argv[4:])
