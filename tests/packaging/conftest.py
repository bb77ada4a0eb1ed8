"""The wheels, built once, and environments to install them into."""

import fcntl
import os
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
    """A folder with every wheel of this checkout, which the run's other processes look into as well."""
    run = tmp_path_factory.getbasetemp()
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    built = run / "wheels"
    with (run / "wheels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (built / "SHA256SUMS").exists():  # written last
            places.build(places.ROOT, built)
    return built


def _folder():
    """A folder where the database's own user may enter, under root too."""
    path = Path(tempfile.mkdtemp(prefix="threatweaver-place-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


folder = pytest.fixture(_folder, name="folder")
shared_folder = pytest.fixture(_folder, name="shared_folder", scope="module")
