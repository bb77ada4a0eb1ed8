"""What files look like: pure functions from rows to bytes, a row at a time. No database, no request."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from threatweaver_exposure.exports import sarif

Row = Mapping[str, Any]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a file: `head`, each row of what `of` names with `between` in between, `tail`."""

    head: bytes = b""
    encode: Callable[[Row], bytes]
    between: bytes = b""
    tail: bytes = b""
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
    flat: bool = False  # a row is a line of cells, not an object


def _csv(columns: Sequence[str]) -> tuple[Section, ...]:
    def line(row: Row) -> bytes:
        return _line([cell(row[name]) for name in columns])

    return (Section(head=_line(columns), encode=line),)


def _line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()


def cell(value: Any) -> str:
    """Return a value as the text of a cell, which no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(_: Sequence[str]) -> tuple[Section, ...]:
    return (Section(head=b"[\n", encode=dumps, between=b",\n", tail=b"\n]\n"),)


def _ndjson(_: Sequence[str]) -> tuple[Section, ...]:
    return (Section(encode=lambda row: dumps(row) + b"\n"),)


def _sarif(_: Sequence[str]) -> tuple[Section, ...]:
    rules = Section(
        head=sarif.HEAD,
        encode=lambda row: dumps(sarif.rule(row)),
        between=b",\n",
        tail=b"\n]}},\n",
        of="rules",
    )
    results = Section(
        head=b'"results":[\n',
        encode=lambda row: dumps(sarif.result(row)),
        between=b",\n",
        tail=b"\n]}]}\n",
    )
    return rules, results


def dumps(value: Any) -> bytes:
    """Return JSON as the API writes it: times in RFC 3339 UTC."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)


LAYOUTS = {
    "csv": Layout(ending="csv", sections=_csv, flat=True),
    "json": Layout(ending="json", sections=_json),
    "ndjson": Layout(ending="ndjson", sections=_ndjson),
    "sarif": Layout(ending="sarif", sections=_sarif),
}
