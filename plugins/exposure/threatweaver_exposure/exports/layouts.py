"""What files look like: from rows to bytes, a row at a time. No request, and of the database only spelling.

What a million rows cost most is making texts of values. The database does it as it reads, by the `spelling`
of a layout: type of a column, as the driver names it, and the expression for one, {0}.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from threatweaver_exposure.exports import sarif
from threatweaver_exposure.exports.workbook import Workbook

Row = Mapping[str, Any]
_IDS = {"uuid": "({0})::text", "uuid[]": "({0})::text[]"}  # the driver's objects of ids are dear
# A spreadsheet takes for a formula what begins with one of = + - @, a tab or a carriage return.
_SAFE = "CASE WHEN ascii({0}) IN (61, 43, 45, 64, 9, 13) THEN '''' || {0} ELSE {0} END"
_SEVERAL = "array_to_string({0}, '; ')"
_CELLS = {
    "uuid": "({0})::text",
    "uuid[]": _SEVERAL,
    "text": _SAFE,
    "varchar": _SAFE,
    "text[]": _SAFE.format(_SEVERAL),
    "varchar[]": _SAFE.format(_SEVERAL),
    "timestamptz": """replace(
        to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '')""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a file: `head`, each row of what `of` names with `between` in between, `tail`."""

    head: bytes = b""
    encode: Callable[[Row], bytes]
    between: bytes = b""
    tail: Callable[[], bytes] = bytes
    of: str = "rows"

    def pieces(self, rows: Sequence[Row], *, first: bool) -> list[bytes]:
        """Return the bytes of each row, with what comes between it and the one before."""
        return [
            (b"" if first and number == 0 else self.between) + self.encode(row)
            for number, row in enumerate(rows)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A format: how its files end, and of which sections they are made for these columns."""

    ending: str
    sections: Callable[[Sequence[str]], tuple[Section, ...]]
    spelling: Mapping[str, str]
    flat: bool = False  # a row is a line of cells, not an object


class _Line:
    """A file whose `write` returns what it is given, and so `writerow` does."""

    def write(self, text: str) -> str:
        return text


def _csv(columns: Sequence[str]) -> tuple[Section, ...]:
    written = csv.writer(_Line()).writerow

    def line(row: Row) -> bytes:
        return str(written(row.values())).encode()

    return (Section(head=str(written(columns)).encode(), encode=line),)


def _json(_: Sequence[str]) -> tuple[Section, ...]:
    return (Section(head=b"[\n", encode=dumps, between=b",\n", tail=lambda: b"\n]\n"),)


def _ndjson(_: Sequence[str]) -> tuple[Section, ...]:
    return (Section(encode=lambda row: dumps(row) + b"\n"),)


def _sarif(_: Sequence[str]) -> tuple[Section, ...]:
    rules = Section(
        head=sarif.HEAD,
        encode=lambda row: dumps(sarif.rule(row)),
        between=b",\n",
        tail=lambda: b"\n]}},\n",
        of="rules",
    )
    results = Section(
        head=b'"results":[\n',
        encode=lambda row: dumps(sarif.result(row)),
        between=b",\n",
        tail=lambda: b"\n]}]}\n",
    )
    return rules, results


def _xlsx(columns: Sequence[str]) -> tuple[Section, ...]:
    book = Workbook(columns)
    return (Section(head=book.begin(), encode=book.row, tail=book.end),)


def dumps(value: Any) -> bytes:
    """Return JSON as the API writes it: times in RFC 3339 UTC."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)


LAYOUTS = {
    "csv": Layout(ending="csv", sections=_csv, spelling=_CELLS, flat=True),
    "json": Layout(ending="json", sections=_json, spelling=_IDS),
    "ndjson": Layout(ending="ndjson", sections=_ndjson, spelling=_IDS),
    "sarif": Layout(ending="sarif", sections=_sarif, spelling=_IDS),
    "xlsx": Layout(ending="xlsx", sections=_xlsx, spelling=_IDS, flat=True),
}
