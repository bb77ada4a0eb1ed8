"""An export: JSON Lines of a log, whole or since a root, with every root behind the line that it signs.

The first line says which log it is, the last is a root made for this export. What is between can be
checked anywhere with the public key alone (audit/verify.py).
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from threatweaver.audit import canonical, queries, roots
from threatweaver.audit.roots import Root

FORMAT = "threatweaver-audit/1"
_PAGE = 1000
Scope = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Which log, as whom it is read page by page, and the root that ends the export."""

    log: str
    scope: Scope
    root: Root
    since: Root | None
    public_key: str

    @property
    def start(self) -> int:
        """Return the number of the line before the first."""
        return self.since.seq if self.since else 0

    def header(self) -> dict[str, Any]:
        """Return the first line."""
        previous = self.since.hash if self.since else canonical.genesis(self.log)
        return {
            "format": FORMAT,
            "log": self.log,
            "exportedAt": self.root.at,
            "first": self.start + 1,
            "previousHash": previous.hex(),
            "publicKey": self.public_key,
        }


async def begin(key: Ed25519PrivateKey, log: str, scope: Scope, *, since: Root | None = None) -> Export:
    """Sign the end of the log and return what to stream, in the scope of the log."""
    root = await roots.take(key, log)
    public = roots.key_text(key.public_key())
    return Export(log=log, scope=scope, root=root, since=since, public_key=public)


async def stream(export: Export) -> AsyncIterator[bytes]:
    """Yield the export in pieces; no transaction is open while the reader takes its time."""
    yield _json(export.header())
    if export.since is not None:
        yield _json({"root": export.since.wire()})
    async for rows, signed in pages(export.scope, after=export.start, until=export.root.seq):
        pieces = []
        waiting = [root for root in signed if root.at <= export.root.at]
        for row in rows:
            pieces.append(line_json(row) + b"\n")
            while waiting and waiting[0].seq == row["seq"] and waiting[0] != export.root:
                pieces.append(_json({"root": waiting.pop(0).wire()}))
        yield b"".join(pieces)
    async with export.scope():
        beyond = await queries.roots(after=export.root.seq)
    for root in beyond:  # of lines that are gone
        if root.at < export.root.at:
            yield _json({"root": root.wire()})
    yield _json({"root": export.root.wire()})


async def pages(
    scope: Scope, *, after: int, until: int
) -> AsyncIterator[tuple[Sequence[Any], Sequence[Root]]]:
    """Yield lines behind `after` up to `until`, and the roots of those, a page in a scope of its own."""
    while True:
        async with scope():
            rows = await queries.lines(after=after, until=until, limit=_PAGE)
            signed = await queries.roots(after=after, until=rows[-1]["seq"]) if rows else []
        if not rows:
            return
        yield rows, signed
        after = rows[-1]["seq"]


def line_json(row: Mapping[str, Any]) -> bytes:
    """Return one line of the log as JSON, its documents as PostgreSQL prints them."""
    line = dict(row)
    for name in canonical.DOCUMENTS:
        if line[name] is not None:
            line[name] = orjson.Fragment(line[name])
    return orjson.dumps(line)


def _json(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value) + b"\n"


def parse(text: str | bytes) -> Any:
    """Return JSON with its numbers exactly as written. Raises ValueError, also for a repeated name."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_once)


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name comes twice")
    return members
