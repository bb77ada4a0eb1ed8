"""The processes of the embedded PostgreSQL: which one serves a data folder, and what it left behind."""

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from threatweaver.db.embedded_files import SOCKET

_LINUX = sys.platform == "linux"


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _recorded_pid(data: Path) -> int | None:
    lines = _pid_file(data)
    return abs(int(lines[0])) if lines and lines[0].lstrip("-").isdigit() else None


def recorded_socket_dir(data: Path) -> Path | None:
    """Return the folder where the running server has put its socket, once it has."""
    lines = _pid_file(data)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def running_pid(data: Path) -> int | None:
    """Return the process id of the server of a data folder, or None when none runs."""
    pid = _recorded_pid(data)
    if pid is None or not _is_alive(pid):
        return None
    if _LINUX:
        # The number may belong to another program by now, above all after a container restarted.
        # A dead process nobody has waited for has an empty command line.
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        if Path(os.fsdecode(words[0])).name != "postgres" or os.fsencode(data) not in words:
            return None
    return pid


def orphans(data: Path) -> list[int]:
    """Return the processes of a server that was killed, as far as this system lets us see them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*") if _LINUX else ():
        with suppress(OSError):
            if (entry / "cwd").readlink() == data and (entry / "cmdline").read_bytes().startswith(
                b"postgres:"
            ):
                found.append(int(entry.name))
    return found


def quit_orphans(data: Path) -> None:
    """End the processes of a killed server that are too busy to have noticed."""
    for pid in orphans(data):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)


def socket_answers(socket_dir: Path) -> bool:
    """Whether a server listens on the socket, be it one we cannot see, as in another container."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(socket_dir / SOCKET))
        except OSError:
            return False
    return True


def remove_stale_files(data: Path, socket_dir: Path) -> None:
    """Remove what a killed server left, which PostgreSQL honors if its process number is in use again."""
    pid = _recorded_pid(data)
    if pid is not None and _is_alive(pid) and not orphans(data):
        (data / "postmaster.pid").unlink()
    for name in (SOCKET, f"{SOCKET}.lock"):
        (socket_dir / name).unlink(missing_ok=True)
