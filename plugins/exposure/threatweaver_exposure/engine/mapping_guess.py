"""What a file of an unknown tool looks like, and which of its columns probably means what."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.mapped import JSON, JSON_LINES, MEANINGS, TABLE
from threatweaver_exposure.engine.reading.json_items import items, lines, peek
from threatweaver_exposure.engine.reading.tables import header_of

_ROWS = 50  # looked at for members
_DEEP = 4


def guess(head: bytes, stream: BinaryIO) -> dict[str, Any]:
    """Return kind, rows, `found` (all columns or members) and columns (meaning → column) of a file.

    Raises ReportError for what is neither a table nor JSON with a list of objects.
    """
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in (b"{", b"["):
        found = list(header_of(head))
        if not found:
            raise ReportError(ReportFault.UNSUPPORTED, "this is neither a table with a header nor JSON")
        return _shown(TABLE, "", found)
    try:
        path = _list_of_objects(head)
        rows = (row for _, row in items(stream, f"{path}.[]" if path else "[]"))
        return _shown(JSON, path, _members(rows))
    except LookupError:
        stream.seek(0)
        found = _members(lines(stream))
        if not found:
            raise ReportError(ReportFault.UNSUPPORTED, "there is no list of objects in it") from None
        return _shown(JSON_LINES, "", found)


def _shown(kind: str, rows: str, found: list[str]) -> dict[str, Any]:
    return {"kind": kind, "rows": rows, "found": found, "columns": _suggested(found)}


def _list_of_objects(head: bytes) -> str:
    """Return the path of the first list of objects. Raises LookupError."""
    keys = peek(head).keys
    for key in sorted(keys, key=lambda text: (text.count("."), text)):
        path, _, last = key.rpartition(".")
        if last == "[]" and "[]" not in path.split(".") and any(item.startswith(f"{key}.") for item in keys):
            return path
    raise LookupError


def _members(rows: Iterator[Any]) -> list[str]:
    found: dict[str, None] = {}
    for row in islice(rows, _ROWS):
        if isinstance(row, dict):
            found.update(dict.fromkeys(_paths(row)))
    return list(found)


def _paths(row: Mapping[str, Any], above: str = "", depth: int = 1) -> Iterator[str]:
    for name, value in row.items():
        if "." in name or not name:
            continue  # it could not be told from a path
        if isinstance(value, dict) and depth < _DEEP:
            yield from _paths(value, f"{above}{name}.", depth + 1)
        else:
            yield f"{above}{name}"


def _suggested(found: list[str]) -> dict[str, str]:
    words = {column: _words(column) for column in found}
    chosen: dict[str, str] = {}
    for meaning, names in MEANINGS.items():
        for name in names:
            column = next(
                (item for item, said in words.items() if said == name and item not in chosen.values()), None
            )
            if column is not None:
                chosen[meaning] = column
                break
    return chosen


def _words(column: str) -> str:
    """Return the last part of a path as words in lower case: `asset.hostName` is `host name`."""
    last = column.rpartition(".")[2]
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last)
    return " ".join(re.split(r"[\s_-]+", apart.strip().lower()))
