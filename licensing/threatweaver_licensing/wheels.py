"""The digest that pins a plugin to one wheel, the same before and after the wheel is installed."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import BadZipFile, ZipFile

_INSTALLERS: Final = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json"})
_LARGEST_RECORD: Final = 16 << 20


class WheelRefused(ValueError):
    """A wheel cannot be pinned; the message says why."""


def record_digest(record: str) -> str:
    """The digest of a wheel by its RECORD, as it stands in the wheel or in the installed `.dist-info`.

    Each row gives one line `<path>,<hash>`; SHA-256 is taken of the sorted lines, each ended by a line feed.
    What installers add is left out: `__pycache__`, scripts outside the folder, their files in `.dist-info`.
    The digest says what the files should be. Whoever relies on it compares each file with its row, too.
    """
    lines = sorted(f"{path},{digest}\n" for path, digest in _rows(record))
    if not lines:
        raise WheelRefused("the RECORD lists no file")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def wheel_digest(wheel: Path) -> str:
    """The digest of a wheel file."""
    try:
        with ZipFile(wheel) as archive:
            records = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
            if len(records) != 1 or archive.getinfo(records[0]).file_size > _LARGEST_RECORD:
                raise WheelRefused("a wheel holds one RECORD")
            return record_digest(archive.read(records[0]).decode("utf-8"))
    except (BadZipFile, UnicodeDecodeError):
        raise WheelRefused("this is no wheel") from None


def _rows(record: str) -> Iterator[tuple[str, str]]:
    for row in csv.reader(record.splitlines()):
        if len(row) != 3 or not row[0]:
            raise WheelRefused("a row of the RECORD is not path, hash and size")
        path = PurePosixPath(row[0])
        if path.parts[0].endswith(".data"):
            raise WheelRefused("files of a .data folder move when they are installed")
        if not _by_installer(path):
            if not row[1].startswith("sha256="):
                raise WheelRefused("a row of the RECORD has no SHA-256")
            yield row[0], row[1]


def _by_installer(path: PurePosixPath) -> bool:
    if path.is_absolute() or ".." in path.parts or path.parent.name == "__pycache__":
        return True
    return path.parent.name.endswith(".dist-info") and path.name in _INSTALLERS
