"""Uploads: streamed to the spool folder with bounds, plain or gzip, multipart or raw."""

import asyncio
import errno
import hashlib
import re
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from threatweaver.http.errors import PayloadTooLarge, StorageFull, UnsupportedMediaType, ValidationFailed
from threatweaver.ids import uuid7

CHUNK = 1 << 18
EDGE = 1 << 16  # bytes kept of the beginning and the end, for format detection
_RATIO = 200  # a text report compresses 10 to 40 times; beyond this it is a bomb
_RATIO_FROM = 16 << 20
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledFile:
    """An upload on disk, decompressed. `head` and `tail` are its first and last 64 KiB."""

    path: Path
    filename: str
    size: int
    sha256: str
    head: bytes
    tail: bytes

    def discard(self) -> None:
        """Remove the file; it may be gone already."""
        self.path.unlink(missing_ok=True)


class _Sink:
    """Writes decompressed bytes, counting and hashing them. Runs in a thread."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._gzip: zlib._Decompress | None = None
        self._received = 0
        self._ended = False
        self.size = 0
        self.digest = hashlib.sha256()
        self.head = b""
        self.tail = b""

    def write(self, chunk: bytes) -> None:
        if self._received == 0 and chunk[:2] == b"\x1f\x8b":
            self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._received += len(chunk)
        if self._gzip is None:
            self._store(chunk)
            return
        while chunk:
            try:
                self._store(self._gzip.decompress(chunk, CHUNK))
            except zlib.error:
                raise ValidationFailed("Invalid upload", _detail("The gzip stream is damaged.")) from None
            if self._gzip.eof:
                chunk = self._gzip.unused_data
                self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if chunk else self._gzip
            else:
                chunk = self._gzip.unconsumed_tail

    def finish(self) -> None:
        if self._gzip is not None and not self._gzip.eof:
            raise ValidationFailed("Invalid upload", _detail("The gzip stream is cut short."))
        if self.size == 0:
            raise ValidationFailed("Invalid upload", _detail("The file is empty."))
        self._file.flush()

    def _store(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit or (self.size > _RATIO_FROM and self.size > _RATIO * self._received):
            raise PayloadTooLarge
        self._file.write(data)
        self.digest.update(data)
        if len(self.head) < EDGE:
            self.head += data[: EDGE - len(self.head)]
        self.tail = (self.tail + data)[-EDGE:] if len(data) < EDGE else data[-EDGE:]


def _detail(message: str) -> list[dict[str, str]]:
    return [{"field": "file", "message": message}]


async def receive(request: web.Request, spool: Path, limit: int) -> SpooledFile:
    """Stream the request's file to the spool. Raises PayloadTooLarge, StorageFull, ValidationFailed."""
    if (request.content_length or 0) > limit + EDGE:  # multipart adds a little around the file
        raise PayloadTooLarge
    filename, chunks = await _source(request)
    return await _spool(filename, chunks, spool, limit)


async def spool_file(path: Path, spool: Path, limit: int) -> SpooledFile:
    """Do the same for a file of this machine."""
    return await _spool(clean_name(path.name), _read(path), spool, limit)


async def _spool(filename: str, chunks: AsyncIterator[bytes], spool: Path, limit: int) -> SpooledFile:
    path = spool / uuid7().hex
    try:
        with path.open("xb") as file:
            sink = _Sink(file, limit)
            async for chunk in chunks:
                await asyncio.to_thread(sink.write, chunk)
            await asyncio.to_thread(sink.finish)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in _NO_SPACE:
            raise StorageFull from None
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return SpooledFile(
        path=path,
        filename=filename,
        size=sink.size,
        sha256=sink.digest.hexdigest(),
        head=sink.head,
        tail=sink.tail,
    )


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


async def _source(request: web.Request) -> tuple[str, AsyncIterator[bytes]]:
    if request.content_type == "multipart/form-data":
        try:
            reader = await request.multipart()
            part = await reader.next()
        except (ValueError, AssertionError):
            raise ValidationFailed("Invalid upload", _detail("The multipart body is malformed.")) from None
        if not isinstance(part, BodyPartReader) or part.name != "file":
            raise ValidationFailed("Invalid upload", _detail("Send the report in the form field `file`."))
        return clean_name(part.filename or "upload"), _parts(part)
    name = request.headers.get("X-Filename")
    if request.content_type == "application/json" and name is None:
        raise UnsupportedMediaType("Send multipart/form-data, or the file itself with an X-Filename header.")
    if not name:
        raise ValidationFailed(
            "Invalid upload",
            [{"field": "X-Filename", "message": "A raw body needs this header."}],
        )
    return clean_name(unquote(name)), request.content.iter_chunked(CHUNK)


async def _parts(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(CHUNK):
        yield chunk


def clean_name(name: str) -> str:
    """Return a file name fit to show: no path, no control characters, at most 200 characters."""
    return _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1])[:200] or "upload"
