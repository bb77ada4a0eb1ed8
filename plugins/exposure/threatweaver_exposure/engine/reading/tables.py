"""Rows of a table: comma-separated values and their relatives, in whatever encoding."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import BinaryIO

from threatweaver.reports import ReportError, ReportFault

FIELD_BYTES = 4 << 20
_DELIMITERS = ",;\t|"
_MOST_COLUMNS = 1_000


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

    A row that lacks columns has "" there. Raises ReportError for what is no table.
    """
    head = stream.read(64 << 10)
    stream.seek(0)
    names, delimiter = _header(head)
    if not names:
        raise ReportError(ReportFault.UNSUPPORTED, "the report is no table with a header")
    text = io.TextIOWrapper(stream, _encoding(head), "replace", newline="")
    csv.field_size_limit(FIELD_BYTES)
    try:
        reader = csv.reader(_without_nul(text), _Sturdy, delimiter=delimiter)
        for row in reader:
            if row and any(row):
                break  # the header
        for row in reader:
            if row and any(row):
                yield dict(zip(names, row + [""] * (len(names) - len(row)), strict=False))
    except csv.Error as error:
        raise ReportError(ReportFault.MALFORMED, f"a row of the report is none: {error}") from None
    finally:
        text.detach()


def _without_nul(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(FIELD_BYTES):
        if len(line) >= FIELD_BYTES:
            raise ReportError(ReportFault.LIMIT, "one line of the report is too large")
        yield line.replace("\0", "").lstrip("\ufeff") if "\0" in line or "\ufeff" in line else line


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: len(head) - 4 if len(head) >= 64 << 10 else len(head)].decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
