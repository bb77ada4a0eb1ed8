"""Rows of a table: comma-separated values and their relatives, in whatever encoding."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import BinaryIO

from threatweaver.reports import ReportError, ReportFault

FIELD_BYTES = 4 << 20
ROW_CHARACTERS = 8 << 20
_DELIMITERS = ",;\t|"
_MOST_COLUMNS = 1_000
_BARE = {end: end for end in ("\n", "\r\n", "\r")}


class _Sturdy(csv.excel):
    strict = False


def header_of(head: bytes) -> tuple[str, ...]:
    """Return the names of a table's columns in lower case; empty when the file is none."""
    names, _ = _header(head)
    return names


@lru_cache(maxsize=8)
def _header(head: bytes) -> tuple[tuple[str, ...], str]:
    text = head.decode(_encoding(head), "replace").lstrip("\ufeff")
    first = text.lstrip("\r\n").partition("\n")[0].rstrip("\r")
    if not first or first[0] in "{[<" or "\0" in first:
        return (), ","
    delimiter = max(_DELIMITERS, key=_outside_quotes(first).count)
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        return (), ","
    if len(names) < 2 or len(names) > _MOST_COLUMNS:
        return (), delimiter
    return tuple(name.strip().lower() for name in names), delimiter


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def rows(stream: BinaryIO) -> Iterator[Mapping[str, str]]:
    """Yield each row as column → text, columns in lower case; empty lines are passed over.

    A row that lacks columns has "" there. Raises ReportError for what is no table, for a row that is too
    large, and for a file that ends within a row: within quotes, or with fewer columns than the row before.
    """
    head = stream.read(64 << 10)
    stream.seek(0)
    names, delimiter = _header(head)
    if not names:
        raise ReportError(ReportFault.UNSUPPORTED, "the report is no table with a header")
    text = io.TextIOWrapper(stream, _encoding(head), "replace", newline="")
    csv.field_size_limit(FIELD_BYTES)
    try:
        yield from _rows(_Lines(text), names, delimiter)
    except csv.Error as error:
        raise ReportError(ReportFault.MALFORMED, f"a row of the report is none: {error}") from None
    finally:
        text.detach()


def _rows(lines: "_Lines", names: tuple[str, ...], delimiter: str) -> Iterator[Mapping[str, str]]:
    width, row, said = 0, list[str](), list[str]()
    for number, found in enumerate(filter(any, csv.reader(lines, _Sturdy, delimiter=delimiter))):
        width, row, said = len(row), found, lines.taken()
        if number:  # the first is the header
            yield dict(zip(names, row + [""] * (len(names) - len(row)), strict=False))
    if _is_cut(said, delimiter) or (len(row) < width and not said[-1].endswith(("\r", "\n"))):
        raise ReportError(ReportFault.TRUNCATED, "the report ends in the middle of a row")


def _is_cut(said: list[str], delimiter: str) -> bool:
    """Say whether a row's lines end within quotes."""
    try:
        list(csv.reader(said, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


class _Lines:
    """The lines of a table without NULs and marks; refuses a row that grows too large."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._said: list[str] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(FIELD_BYTES):
            self._size += len(line)
            if len(line) >= FIELD_BYTES or self._size > ROW_CHARACTERS:
                raise ReportError(ReportFault.LIMIT, "one row of the report is too large")
            if "\0" in line or "\ufeff" in line:
                line = line.replace("\0", "").lstrip("\ufeff")
            self._said.append(_BARE.get(line, line))  # millions of empty lines are one text
            yield line

    def taken(self) -> list[str]:
        """Return the lines of the row that has been read, with empty ones before it."""
        said, self._said, self._size = self._said, [], 0
        return said


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: len(head) - 4 if len(head) >= 64 << 10 else len(head)].decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
