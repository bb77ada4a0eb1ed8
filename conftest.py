"""Where the suite's databases live: in memory, if there is room; what garbage collection passes over."""

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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect the tests without the garbage collector, and let it pass over them from then on.

    Thousands of tests stay until the end: each full collection of garbage would walk through all of them.
    What they leave in circles is little, so that it is looked for seldom.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
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
