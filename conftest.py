"""Where the suite's databases live: in memory, if there is room."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import quick


@pytest.fixture(scope="session")
def quick_folder() -> Path:
    """Where files are made fastest."""
    return quick.folder()


@pytest.fixture(scope="session")
def home(quick_folder: Path) -> Iterator[Path]:
    """A data folder for the database and the application, as that of `threatweaver.testing`."""
    path = Path(tempfile.mkdtemp(prefix="threatweaver-test-", dir=quick_folder))
    yield path
    shutil.rmtree(path, ignore_errors=True)
