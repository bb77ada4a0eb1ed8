"""The canonical form of a line, which its hash covers: what SQL's `audit_canonical` says, in Python.

Every column in a fixed order as `<bytes>:<text>`, or `-` for null, so that no two lines share a form.
A line here is an export's JSON object: names in camel case, times as text with microseconds.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

TEXTS = (
    "seq",
    "at",
    "actorId",
    "actorEmail",
    "tokenId",
    "via",
    "action",
    "target",
    "outcome",
    "method",
    "path",
    "status",
    "requestId",
    "address",
    "userAgent",
)
DOCUMENTS = ("before", "after")
MEMBERS = (*TEXTS, *DOCUMENTS)


def genesis(log: str) -> bytes:
    """Return the hash before the first line; it binds a chain to its log, `control` or a tenant's schema."""
    return sha256(f"threatweaver audit log {log}".encode()).digest()


def link(previous: bytes, line: Mapping[str, Any]) -> bytes:
    """Return the hash of a line behind the one with the hash `previous`."""
    return sha256(previous + canonical(line)).digest()


def canonical(line: Mapping[str, Any]) -> bytes:
    """Return the bytes that the hash covers. Raises KeyError, TypeError or ValueError for no line of ours."""
    parts = [_text(line[name]) for name in TEXTS]
    parts += [None if line[name] is None else jsonb(line[name]).encode() for name in DOCUMENTS]
    return b"".join(b"-" if part is None else b"%d:%b" % (len(part), part) for part in parts)


def _text(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"{type(value).__name__} is no column's type")
    return str(value).encode()


def jsonb(value: Any) -> str:
    """Return a JSON value as PostgreSQL prints jsonb; numbers with a point must be Decimal."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_quoted(key)}: {jsonb(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(jsonb(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return format(abs(value) if value == 0 else value, "f")
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    return _quoted(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
