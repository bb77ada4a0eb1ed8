"""Virtual environments that hold what a distribution declares and nothing else of this checkout."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesParser
from importlib import metadata
from pathlib import Path
from sysconfig import get_path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(get_path("purelib"))
OWN = "threatweaver"


def committed_at():
    """When the last commit was made; without git, the oldest that a wheel can be."""
    if not (ROOT / ".git").exists():
        return datetime(1980, 1, 1, tzinfo=UTC)
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    said = subprocess.run(git, capture_output=True, text=True, check=True, timeout=20).stdout
    return datetime.fromtimestamp(int(said), UTC)


def build(root, target, **settings):
    """Build every wheel of a checkout into a folder."""
    environment = {name: text for name, text in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | settings
    command = [sys.executable, str(root / "contrib" / "wheels.py"), str(target)]
    subprocess.run(command, check=True, timeout=120, capture_output=True, env=environment)
    return target


def required(names):
    """What these requirements need from outside, all the way, as installed distributions by name."""
    found, asked = {}, [Requirement(text) for text in names]
    while asked:
        wanted = asked.pop()
        extras = wanted.extras or {""}
        key = (canonicalize_name(wanted.name), frozenset(extras))
        if key in found:
            continue
        found[key] = metadata.distribution(wanted.name)
        for text in found[key].requires or ():
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                asked.append(inner)
    return {name: dist for (name, _), dist in found.items()}


def declared(wheels, name):
    """What a wheel's metadata says it needs, with the extra for tests."""
    (path,) = wheels.glob(f"{name.replace('-', '_')}-*.whl")
    with ZipFile(path) as archive:
        (metadata,) = [item for item in archive.namelist() if item.endswith(".dist-info/METADATA")]
        said = BytesParser().parsebytes(archive.read(metadata), headersonly=True)
    needed = map(Requirement, said.get_all("Requires-Dist", []))
    return [item for item in needed if item.marker is None or item.marker.evaluate({"extra": "testing"})]


def outside(wheels, names):
    """What these wheels of ours, and those of ours that they need, declare from elsewhere."""
    found = [item for name in ours(wheels, names) for item in declared(wheels, name)]
    return [str(replaced(item)) for item in found if not item.name.startswith(OWN)]


def ours(wheels, names):
    """Return these of ours, and those that they need."""
    found, asked = set(), list(names)
    while asked:
        name = asked.pop()
        if name not in found:
            found.add(name)
            asked += [item.name for item in declared(wheels, name) if item.name.startswith(OWN)]
    return found


def replaced(requirement):
    """The requirement without its marker, which has been looked at."""
    requirement.marker = None
    return requirement


def link(shelf, dists):
    """Let a folder hold these distributions of ours, as if they were installed there."""
    for dist in dists.values():
        for top in {file.parts[0] for file in dist.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            if not (shelf / top).exists():
                (shelf / top).symlink_to(SITE / top)


@dataclass(frozen=True)
class Place:
    """A virtual environment."""

    path: Path

    @property
    def python(self):
        return self.path / "bin" / "python"

    @property
    def site(self):
        return next((self.path / "lib").glob("python3*/site-packages"))

    def run(self, *command, cwd=None, timeout=120, check=True, **settings):
        """Run a command of the environment to its end; what it says is the error when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.path,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}{done.stderr[-3000:]}"
        return done

    def environment(self, **settings):
        """This process's environment without settings of the product, with the place's programs first."""
        foreign = ("TW_", "PYTEST_", "PYTHON", "PIP_", "DATABASE_URL", "VIRTUAL_ENV")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
        return {**kept, "PATH": f"{self.path / 'bin'}:{kept['PATH']}", **settings}

    @property
    def pip(self):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        return [*pip, "--python", self.python]

    def install(self, *wanted, wheels):
        """Install from these wheels alone; what else is there was resolved with them."""
        options = ["--no-index", "--no-compile", "--no-warn-conflicts", "--find-links", wheels]
        self.run(*self.pip, "install", *options, *wanted)

    def uninstall(self, names):
        """Remove distributions of ours."""
        if names:
            self.run(*self.pip, "uninstall", "--yes", *sorted(names))

    def ours(self):
        """Return which distributions of ours are installed."""
        found = metadata.distributions(path=[str(self.site)])
        return {name for dist in found if (name := canonicalize_name(dist.name)).startswith(OWN)}

    def see(self, dists):
        """Let it see these distributions of others, and no others."""
        shelf = self.path / "outside"
        shutil.rmtree(shelf, ignore_errors=True)
        shelf.mkdir()
        link(shelf, dists)
        (self.site / "outside.pth").write_text(f"{shelf}\n")


def make(path):
    """Make an environment that holds nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True, timeout=60)
    return Place(path)
