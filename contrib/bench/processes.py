"""What Linux knows about processes: memory at its highest, CPU time, children."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> int:
    """Return the highest resident size so far, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def memory(pid: int) -> int:
    """Return the resident size of now, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def forget_peak(pid: int) -> None:
    """Let the highest resident size begin at that of now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def command(pid: int) -> list[str]:
    """Return the arguments of a process; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def children(parent: int) -> list[int]:
    """Return the direct children of a process."""
    return [pid for pid in _all() if (fields := _stat(pid)) and int(fields[1]) == parent]


def cpu_seconds(*pids: int) -> float:
    """Return user and system time of processes, of all their threads."""
    return sum(sum(map(int, fields[11:13])) for pid in pids if (fields := _stat(pid))) / _TICK


def cpu_seconds_of_tree(root: int) -> float:
    """Return the time of a process and its children, those that have ended included."""
    fields = _stat(root)
    ended = sum(map(int, fields[13:15])) / _TICK if fields else 0.0
    return cpu_seconds(root, *children(root)) + ended


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the command's name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
