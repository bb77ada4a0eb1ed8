"""Where the suite's databases live: in memory, if there is room."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - what is put there has a private name
ROOM = 6 << 30  # each of several test processes fills 200 to 500 MB


@pytest.fixture(scope="session")
def quick_folder() -> Path:
    """Where files are made fastest: in memory, or where that is small or no place for programs, on the disk.

    An import makes and drops a hundred files, its temporary tables: on a disk that costs more than the rest.
    """
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    fits = found.f_bavail * found.f_frsize > ROOM and not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return MEMORY if fits else Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def home(quick_folder: Path) -> Iterator[Path]:
    """A data folder for the database and the application, as that of `threatweaver.testing`."""
    path = Path(tempfile.mkdtemp(prefix="threatweaver-test-", dir=quick_folder))
    yield path
    shutil.rmtree(path, ignore_errors=True)
