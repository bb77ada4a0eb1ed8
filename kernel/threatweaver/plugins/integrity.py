"""Whether an installed plugin is what its wheel was: every file against the hash in its RECORD."""

import base64
import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from threatweaver.plugins.manifest import Manifest
from threatweaver_licensing import WheelRefused, record_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """The digest that a license can pin the wheel by, the number of files, and what is wrong."""

    digest: str | None
    files: int
    problems: tuple[str, ...]


def inspect(manifest: Manifest) -> Integrity:
    """Compare the plugin's files with its RECORD."""
    dist = manifest.entry_point.dist
    record = dist.read_text("RECORD") if dist is not None else None
    if dist is None or record is None:
        return Integrity(digest=None, files=0, problems=("it was not installed from a wheel",))
    hashed = [(row[0], row[1]) for row in csv.reader(record.splitlines()) if len(row) == 3 and row[1]]
    problems = [
        found for name, digest in hashed if (found := _compare(Path(str(dist.locate_file(name))), digest))
    ]
    if not any(name.startswith(f"{manifest.package}/") for name, _ in hashed):
        problems.append("its files are elsewhere: it was installed from a checkout")
    try:
        digest = record_digest(record)
    except WheelRefused as error:
        return Integrity(digest=None, files=len(hashed), problems=(*problems, str(error)))
    return Integrity(digest=digest, files=len(hashed), problems=tuple(problems))


def _compare(path: Path, expected: str) -> str | None:
    kind, _, wanted = expected.partition("=")
    if kind != "sha256":
        return f"{path.name} has no SHA-256 in the RECORD"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return f"{path.name} is missing"
    same = base64.urlsafe_b64encode(found).rstrip(b"=").decode() == wanted
    return None if same else f"{path.name} was changed"
