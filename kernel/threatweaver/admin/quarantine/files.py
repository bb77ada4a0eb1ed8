"""The data of refused records: `<home>/quarantine/<tenant's id>/<record's id>`. Blocking: for threads."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from threatweaver.config import Settings

HEAD = 64 << 10  # bytes kept of data that is too large to keep


def folder(settings: Settings, tenant_id: UUID) -> Path:
    """Return where the data of a tenant's records lies."""
    return settings.quarantine / str(tenant_id)


def path_of(settings: Settings, tenant_id: UUID, record_id: UUID) -> Path:
    """Return where the data of a record lies."""
    return folder(settings, tenant_id) / str(record_id)


def keep(source: Path, target: Path, most: int) -> int:
    """Keep a file, or the beginning of one that is larger than `most` bytes; return the bytes kept.

    It is linked, not moved: the job that refused it may run again, and removes its own name of the file.
    Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    size = source.stat().st_size
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    if size > most:
        with source.open("rb") as file:
            part.write_bytes(file.read(HEAD))
    else:
        _link(source, part)
    part.chmod(0o600)
    part.replace(target)
    return min(size, HEAD) if size > most else size


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def names(settings: Settings, tenant_id: UUID) -> set[str]:
    """Return the names of a tenant's files."""
    try:
        return {path.name for path in folder(settings, tenant_id).iterdir()}
    except FileNotFoundError:
        return set()


def remove(settings: Settings, tenant_id: UUID, wanted: Iterable[str]) -> None:
    """Remove files; they may be gone already."""
    for name in wanted:
        (folder(settings, tenant_id) / name).unlink(missing_ok=True)
