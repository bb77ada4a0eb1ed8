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
from aiohttp.http_exceptions import HttpProcessingError

from threatweaver.http.errors import PayloadTooLarge, StorageFull, UnsupportedMediaType, ValidationFailed
from threatweaver.ids import uuid7

CHUNK = 1 << 18
EDGE = 1 << 16  # bytes kept of the beginning and the end, for format detection
_RATIO = 200  # a text report compresses 10 to 40 times; beyond this it is a bomb
_RATIO_FROM = 16 << 20
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MALFORMED = (ValueError, AssertionError, HttpProcessingError)  # what aiohttp raises on bad multipart
_GZIP = b"\x1f\x8b"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledFile:
    """An upload on disk, decompressed: `size` bytes with a SHA-256 in hex.

    `filename` is cleaned: no folder, no control characters. `head` and `tail` are its first and last 64 KiB.
    Whoever takes it over removes it with `discard()`; of a request that fails, the mount does.
    """

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
        self._first = b""  # the file's first byte, while a network hands it over alone
        self.size = 0
        self.digest = hashlib.sha256()
        self.head = b""
        self.tail = b""

    def write(self, chunk: bytes) -> None:
        if self._received == 0:
            chunk, self._first = self._first + chunk, b""
            if len(chunk) < len(_GZIP):
                self._first = chunk
                return
            if chunk.startswith(_GZIP):
                self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._received += len(chunk)
        if self._gzip is None:
            self._store(chunk)
        else:
            self._decompress(self._gzip, chunk)

    def _decompress(self, stream: "zlib._Decompress", chunk: bytes) -> None:
        while chunk:
            if stream.eof:  # another member follows, or the padding of a tape or block device
                chunk = chunk.lstrip(b"\x00")
                if not chunk:
                    break
                stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
            try:
                self._store(stream.decompress(chunk, CHUNK))
            except zlib.error:
                raise ValidationFailed("Invalid upload", _detail("The gzip stream is damaged.")) from None
            chunk = stream.unused_data if stream.eof else stream.unconsumed_tail
        self._gzip = stream

    def finish(self) -> None:
        if self._first:
            self._received += len(self._first)
            self._store(self._first)
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


def _malformed() -> ValidationFailed:
    return ValidationFailed("Invalid upload", _detail("The multipart body is malformed."))


def _detail(message: str) -> list[dict[str, str]]:
    return [{"field": "file", "message": message}]


async def receive(request: web.Request, spool: Path, limit: int) -> SpooledFile:
    """Stream the request's file to the spool. Raises PayloadTooLarge, StorageFull, ValidationFailed."""
    if (request.content_length or 0) > limit + EDGE:  # multipart adds a little around the file
        raise PayloadTooLarge
    filename, chunks = await _source(request)
    return await spool_chunks(filename, chunks, spool, limit)


async def spool_file(path: Path, spool: Path, limit: int) -> SpooledFile:
    """Do the same for a file of this machine."""
    return await spool_chunks(path.name, _read(path), spool, limit)


async def spool_chunks(name: str, chunks: AsyncIterator[bytes], spool: Path, limit: int) -> SpooledFile:
    """Do the same for what is made here."""
    filename = clean_name(name)
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
        except _MALFORMED:
            raise _malformed() from None
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
    try:
        while chunk := await part.read_chunk(CHUNK):
            yield chunk
    except _MALFORMED:
        raise _malformed() from None


def clean_name(name: str) -> str:
    """Return a file name fit to show: no path, no control characters, at most 200 characters."""
    text = name.encode("utf-8", "replace").decode()  # a header's bytes need not be UTF-8
    return _UNSAFE.sub("_", text.replace("\\", "/").rsplit("/", 1)[-1])[:200] or "upload"
