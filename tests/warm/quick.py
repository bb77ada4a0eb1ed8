"""Where files are made fastest: in memory, if there is room."""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 6 << 30  # each of several test processes fills 200 to 500 MB


def folder() -> Path:
    """Return a folder in memory, or where that is small or no place for programs, on the disk.

    An import makes and drops a hundred files, its temporary tables: on a disk that costs more than the rest.
    """
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    fits = found.f_bavail * found.f_frsize > ROOM and not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return MEMORY if fits else Path(tempfile.gettempdir())
