"""The product under test, run as its users run it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

import e2e_product as products  # noqa: E402 - beside this file


@pytest.fixture
def fresh_home():
    """An empty data folder of one test; whatever still runs in it afterwards is ended, and a failure."""
    path = products.new_home()
    yield path
    products.remove_home(path)


@pytest.fixture(scope="module")
def shared_fresh_home():
    """An empty data folder that the tests of one module start the product in, one after the other."""
    path = products.new_home()
    yield path
    products.remove_home(path)


@pytest.fixture(scope="session")
def started_home(tmp_path_factory, worker_id):
    """A data folder in which the product was started and stopped once, the same for all test processes."""
    base = tmp_path_factory.getbasetemp()
    with products.one_at_a_time(base if worker_id == "master" else base.parent) as folder:
        path = folder / "started"
        if not path.exists():
            made = products.new_home()  # not in the folder: the database's own user cannot enter that
            assert products.start(made).stop() == 0
            shutil.move(made, path)
    return path


@pytest.fixture
def home(started_home):
    """A data folder of one test that had its first start, which takes seconds."""
    path = products.new_home(started_home)
    yield path
    products.remove_home(path)


@pytest.fixture(scope="module")
def shared_home(started_home):
    """The same for the tests of one module, one after the other."""
    path = products.new_home(started_home)
    yield path
    products.remove_home(path)


@pytest.fixture(scope="session")
def product(started_home):
    """The running product; stopping it must leave nothing behind."""
    path = products.new_home(started_home)
    try:
        started = products.start(path)
        yield started
        assert started.stop() == 0, started.log[-2000:]
        started.assert_nothing_left()
    finally:
        products.remove_home(path)


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """A function that writes a Nessus report of so many hosts and findings."""
    folder = tmp_path_factory.mktemp("reports")

    def write(*, hosts: int, findings: int, seed: int = 7) -> Path:
        path = folder / f"{hosts}-{findings}-{seed}.nessus"
        if not path.exists():
            command = [sys.executable, str(ROOT / "contrib" / "bench" / "generate_nessus.py"), str(path)]
            command += [f"--hosts={hosts}", f"--findings={findings}", f"--seed={seed}"]
            subprocess.run(command, check=True, timeout=60)
        return path

    return write


@pytest.fixture(scope="session")
def imported(product, report):
    """What the import of a report into the running product said."""
    answer = product.upload(report(hosts=40, findings=3000), wait=60)
    assert answer.status_code == 202
    assert answer.json()["status"] == "completed", answer.text
    return answer.json()["result"]


@pytest.fixture(scope="session")
def clients():
    """The folder of the pinned npm packages, which `make test` installs."""
    folder = Path(__file__).parent / "clients"
    hint = f"run: npm ci --prefix {folder}"
    assert shutil.which("node"), "the TypeScript clients need Node.js 20 or newer with npm"
    assert (folder / "node_modules" / ".bin" / "orval").exists(), hint
    return folder


@pytest.fixture(scope="session")
def cache():
    """A folder that outlives the run, for what is costly to install."""
    path = ROOT / ".cache" / "e2e"
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def artifacts():
    """Where screenshots and logs are kept for people."""
    path = Path(os.environ.get("TWTEST_ARTIFACTS") or ROOT / "artifacts")
    path.mkdir(parents=True, exist_ok=True)
    return path
