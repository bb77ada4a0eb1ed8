"""The wheels, built once, and environments to install them into."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for places.py
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))  # for e2e_product.py

import places


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """A folder with every wheel of this checkout."""
    return places.build(places.ROOT, tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def folder():
    """A folder where the database's own user may enter, under root too."""
    path = Path(tempfile.mkdtemp(prefix="threatweaver-place-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
