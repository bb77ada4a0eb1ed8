"""Build every distribution into a folder, the same bytes wherever and whenever (`make wheels`).

What setuptools makes is written anew: entries in one order, of one time and mode, with a bill of materials
beside the metadata (PEP 770). SOURCE_DATE_EPOCH says the time; otherwise it is that of the last commit.
"""

import base64
import csv
import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sbom import Distribution, bill, bundled, pins

ROOT = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"
OLDEST = 315_532_800  # 1980-01-01: a zip file knows no earlier time
JUNK = shutil.ignore_patterns("__pycache__", "build", "dist", "*.egg-info", ".*_cache")
# As pip would call it, in a process each, without the second that pip takes to come to it.
BACKEND = """
import sys
from setuptools import build_meta
build_meta.build_wheel(sys.argv[1], {"quiet": "true"})
"""
FULL_INSTALL = ("LICENSE", "README.md", "pyproject.toml", "setup.cfg")  # what it is made of; it has no code


def main() -> None:
    """Build all of them into the folder that is named, or dist/, and write their checksums beside."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist").absolute()
    target.mkdir(parents=True, exist_ok=True)
    for old in (*target.glob("*.whl"), *target.glob(SUMS)):
        old.unlink()
    made = moment()
    sources = [ROOT / "licensing", ROOT / "kernel", *sorted((ROOT / "plugins").glob("*/")), ROOT]
    known = pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        wheels = [build(source, Path(scratch) / str(n), made) for n, source in enumerate(sources)]
        contents = {wheel.name: read(wheel) for wheel in wheels}
    family = {item.name: item for item in map(described, contents.values())}
    for name, files in contents.items():
        own = described(files)
        path = f"{info_of(files)}/sboms/{own.name}.cdx.json"
        write(target / name, {**files, path: bill(own, family, known, made).encode()}, made)
    sums = [f"{digest(path)}  {path.name}\n" for path in sorted(target.glob("*.whl"))]
    (target / SUMS).write_text("".join(sums), encoding="ascii")
    sys.stdout.writelines(sums)


def moment() -> datetime:
    """Return the time that everything in the wheels has."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None and (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
        epoch = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return datetime.fromtimestamp(max(int(epoch or OLDEST), OLDEST), UTC)


def build(source: Path, scratch: Path, made: datetime) -> Path:
    """Let setuptools build a wheel from a clean copy of a distribution's folder; return its path."""
    copy = scratch / "source"
    if source == ROOT:
        copy.mkdir(parents=True)
        for name in FULL_INSTALL:
            shutil.copy(ROOT / name, copy)
    else:
        shutil.copytree(source, copy, ignore=JUNK)
    command = [sys.executable, "-c", BACKEND, str(scratch)]
    # Nothing is compiled here, and setuptools warns of a variable that says so.
    told = {"SOURCE_DATE_EPOCH": str(int(made.timestamp())), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(command, check=True, cwd=copy, env={**os.environ, **told})
    return next(scratch.glob("*.whl"))


def read(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel by their names."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def info_of(files: Mapping[str, bytes]) -> str:
    """Return the name of a wheel's .dist-info folder."""
    return next(name.split("/")[0] for name in files if name.endswith(".dist-info/METADATA"))


def described(files: Mapping[str, bytes]) -> Distribution:
    """Return what a wheel says of itself; what only an extra needs is not needed."""
    said = BytesParser().parsebytes(files[f"{info_of(files)}/METADATA"], headersonly=True)
    needed = [text for text in said.get_all("Requires-Dist", []) if "extra ==" not in text]
    return Distribution(
        name=said["Name"], version=said["Version"], dependencies=needed, bundled=bundled(files)
    )


def write(path: Path, files: Mapping[str, bytes], made: datetime) -> None:
    """Write a wheel: by name, its metadata last, everything of one time and one mode."""
    record = f"{info_of(files)}/RECORD"
    listed = sorted(files.keys() - {record}, key=lambda name: (".dist-info/" in name, name))
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    rows.writerows((name, f"sha256={urlsafe(files[name])}", len(files[name])) for name in listed)
    rows.writerow((record, "", ""))
    with ZipFile(path, "w") as archive:
        for name in [*listed, record]:
            entry = ZipInfo(name, made.timetuple()[:6])
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            data = lines.getvalue().encode() if name == record else files[name]
            archive.writestr(entry, data, compresslevel=9)


def urlsafe(data: bytes) -> str:
    """Return a file's hash as a RECORD holds it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def digest(path: Path) -> str:
    """Return a file's hash as sha256sum prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
