"""The files of archives: written with bounded memory, read back the same way."""

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from threatweaver.config import Settings

_CHUNK = 256 << 10


def path_of(settings: Settings, tenant_id: UUID, archive_id: UUID) -> Path:
    """Return where an archive lies."""
    return settings.archives / str(tenant_id) / f"{archive_id}.zip"


async def measure(path: Path) -> tuple[int, str]:
    """Return size and SHA-256 of a file. Raises OSError."""

    def read() -> tuple[int, str]:
        with path.open("rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()

    return await asyncio.to_thread(read)


async def columns(archive: zipfile.ZipFile, name: str) -> list[str]:
    """Return the names in the first line of a table's file."""

    def read() -> list[str]:
        with archive.open(f"{name}.csv") as entry:
            return entry.readline().decode().strip().split(",")

    return await asyncio.to_thread(read)


async def content(archive: zipfile.ZipFile, name: str) -> AsyncIterator[bytes]:
    """Yield a table's file in pieces."""
    with archive.open(f"{name}.csv") as entry:
        while piece := await asyncio.to_thread(entry.read, _CHUNK):
            yield piece
