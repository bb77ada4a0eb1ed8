"""The log as CSV, for spreadsheets; it proves nothing, the JSON Lines do."""

import csv
import io
from collections.abc import AsyncIterator

from threatweaver.audit import canonical, export

_NAMES = (*canonical.MEMBERS, "hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def stream(made: export.Export) -> AsyncIterator[bytes]:
    """Yield a header and the lines; no text is taken for a formula by the program that opens it."""
    yield _rows([_NAMES])
    async for rows, _ in export.pages(made.scope, after=made.start, until=made.root.seq):
        yield _rows([tuple(_cell(row[name]) for name in _NAMES) for row in rows])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
