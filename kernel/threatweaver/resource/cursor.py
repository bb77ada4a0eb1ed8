"""Signed cursors: where a list goes on, opaque to callers and useless when edited."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from threatweaver.http.errors import ValidationFailed

_MAC = 16


def seal(key: bytes, *, order: str, values: Sequence[Any], row_id: Any) -> str:
    """Return a cursor that continues behind the row with these sort values and id."""
    kinds = "".join("d" if isinstance(value, datetime) else "v" for value in values)
    payload = orjson.dumps([order, kinds, *values, row_id if isinstance(row_id, int) else str(row_id)])
    mac = hmac.digest(key, payload, "sha256")[:_MAC]
    return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()


def open_(key: bytes, text: str, *, order: str, count: int) -> list[Any]:
    """Return sort values and id, so many in all. Raises ValidationFailed for one of another order."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mac, payload = raw[:_MAC], raw[_MAC:]
        if not hmac.compare_digest(mac, hmac.digest(key, payload, "sha256")[:_MAC]):
            raise ValueError
        given, kinds, *values, row_id = orjson.loads(payload)
        if given != order or len(values) + 1 != count:
            raise ValueError
        place = row_id if isinstance(row_id, int) else UUID(row_id)
        found = zip(kinds, values, strict=True)
        return [*(datetime.fromisoformat(value) if kind == "d" else value for kind, value in found), place]
    except (ValueError, TypeError, binascii.Error, orjson.JSONDecodeError):
        raise ValidationFailed(
            "Invalid query parameters",
            [{"field": "cursor", "message": "Not a cursor of this list and sort order."}],
        ) from None
