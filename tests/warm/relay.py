"""Orders to the process that commands are forked from; and a Python that has its work done there.

What runs a program of Python in a process of its own finds `sys.executable` to be a launcher of this module:
it has that program forked instead, and stands for it, with its exit code, until it ends.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

ORDER = 1 << 20
MOST_HANDLES = 16
LAUNCHED = ["-m", "threatweaver"]


def order(
    path: str, given: Mapping[str, object], handles: Mapping[int, int], *, session: bool
) -> socket.socket:
    """Order a command with its descriptors, by the numbers that it knows them by; return the call."""
    call = socket.socket(socket.AF_UNIX)
    call.connect(path)
    text = json.dumps({**given, "numbers": list(handles), "session": session}).encode() + b"\n"
    sent = socket.send_fds(call, [text], list(handles.values()))
    call.sendall(text[sent:])
    return call


def ordered(call: socket.socket) -> tuple[bytes, list[int]]:
    """Return what was ordered, and its descriptors."""
    text, handles, *_ = socket.recv_fds(call, ORDER, MOST_HANDLES)
    while not text.endswith(b"\n"):
        text += call.recv(ORDER)
    return text, handles


def run(python: str, path: str) -> None:
    """Do what a Python with these arguments would do."""
    arguments = sys.argv[1:]
    if arguments[:2] != LAUNCHED:
        os.execv(python, [python, *arguments])
    given = {"argv": ["threatweaver", *arguments[2:]], "env": dict(os.environ), "cwd": str(Path.cwd())}
    handles = {number: number for number in (1, 2, *_inherited())}
    with order(path, given, handles, session=True) as call, call.makefile("rb") as told:
        for number in handles:
            os.close(number)  # here nobody reads what comes through it, or sees its end
        pid = int(told.readline())
        signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
        code = int(told.readline() or 1)
    if code < 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _inherited() -> list[int]:
    return [int(word) for option, word in zip(sys.argv, sys.argv[1:], strict=False) if option == "--fd"]
