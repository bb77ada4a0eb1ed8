"""Tables that do not begin with their header: lines about the report stand before it."""

import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple, cast

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.reading.tables import header_of, rows

_HEAD = 64 << 10
_MOST_LINES = 30
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Start(NamedTuple):
    """Where a table begins in a file, in bytes, and the byte order mark that holds for it too."""

    offset: int
    mark: bytes


def start_of(head: bytes, *columns: str) -> Start | None:
    """Return where the first line with all of these columns begins; None without one."""
    mark = head[:2] if head[:2] in _WIDE else b""
    encoding = _WIDE.get(mark, "latin-1")  # which keeps the offsets of bytes
    offset = len(mark)
    for line in head[offset:].decode(encoding, "ignore").split("\n", _MOST_LINES)[:_MOST_LINES]:
        if set(columns).issubset(header_of(line.encode("utf-8" if mark else encoding))):
            return Start(offset, mark)
        offset += len(f"{line}\n".encode(encoding))
    return None


def rows_below(stream: BinaryIO, *columns: str) -> Iterator[Mapping[str, str]]:
    """Yield the rows of the table whose header has all of these columns, as `rows` does."""
    start = start_of(stream.read(_HEAD), *columns)
    if start is None:
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no table with the columns of its format")
    yield from rows(cast("BinaryIO", _Rest(stream, start)))


class _Rest(io.RawIOBase):
    """What a file holds from some place on, its mark before that."""

    def __init__(self, stream: BinaryIO, start: Start) -> None:
        self._stream = stream
        self._start = start
        self._before = b""
        self.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._before + self._stream.read(len(buffer) - len(self._before))
        self._before = b""
        buffer[: len(data)] = data
        return len(data)

    def seek(self, _: int, __: int = io.SEEK_SET) -> int:
        """Go back to the beginning, which is all that `rows` asks for."""
        self._before = self._start.mark
        self._stream.seek(self._start.offset)
        return 0
