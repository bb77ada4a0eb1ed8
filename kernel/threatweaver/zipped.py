"""Writing many rows into a ZIP file with bounded memory; the file appears when it is whole."""

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from threatweaver.db.transaction import connection

_CHUNK = 256 << 10
Sink = Callable[[bytes], Awaitable[None]]


class ZipWriter:
    """An open ZIP file; compression runs in a thread, a quarter of a megabyte at a time."""

    def __init__(self, target: zipfile.ZipFile) -> None:
        self._target = target

    async def rows(self, name: str, query: str, *values: object) -> int:
        """Add what a query gives in the current scope, as CSV with a header; return the number of rows."""
        async with self._entry(f"{name}.csv") as sink:
            status = await connection().copy_from_query(
                query, *values, output=sink, format="csv", header=True
            )
        return int(status.split()[-1])

    async def text(self, name: str, content: bytes) -> None:
        """Add a small file."""
        await asyncio.to_thread(self._target.writestr, name, content)

    @asynccontextmanager
    async def _entry(self, name: str) -> AsyncIterator[Sink]:
        held = bytearray()
        entry = self._target.open(name, "w", force_zip64=True)

        async def sink(data: bytes) -> None:
            held.extend(data)
            if len(held) >= _CHUNK:
                await asyncio.to_thread(entry.write, bytes(held))
                held.clear()

        try:
            yield sink
            await asyncio.to_thread(entry.write, bytes(held))
        finally:
            entry.close()


@asynccontextmanager
async def writing(path: Path) -> AsyncIterator[ZipWriter]:
    """Write a ZIP file that others see only when the block ended well; a failed one leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(descriptor, "w+b") as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target,
        ):
            yield ZipWriter(target)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
