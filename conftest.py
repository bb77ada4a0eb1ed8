"""Where the suite's databases live: in memory, if there is room. And what is collected is no garbage."""

import gc
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# For quick.py, also when pytest runs elsewhere with the conformance suite of this checkout.
sys.path.insert(0, str(Path(__file__).parent / "tests" / "warm"))

import quick

gc.disable()  # while tests are collected: nothing goes, and looking for what might takes a third of the time


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for garbage again, but not among what was collected."""
    gc.freeze()
    gc.enable()


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
