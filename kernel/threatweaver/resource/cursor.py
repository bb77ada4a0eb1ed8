"""Signed cursors: where a list goes on, opaque to callers and useless when edited."""

import base64
import binascii
import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from threatweaver.http.errors import ValidationFailed

_MAC = 16


def seal(key: bytes, *, order: str, value: Any, row_id: Any) -> str:
    """Return a cursor that continues behind the row with this sort value and id."""
    kind = "d" if isinstance(value, datetime) else "v"
    payload = orjson.dumps([order, kind, value, row_id if isinstance(row_id, int) else str(row_id)])
    mac = hmac.digest(key, payload, "sha256")[:_MAC]
    return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()


def open_(key: bytes, text: str, *, order: str) -> tuple[Any, UUID | int]:
    """Return sort value and id. Raises ValidationFailed when it is not ours or of another order."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mac, payload = raw[:_MAC], raw[_MAC:]
        if not hmac.compare_digest(mac, hmac.digest(key, payload, "sha256")[:_MAC]):
            raise ValueError
        given, kind, value, row_id = orjson.loads(payload)
        if given != order:
            raise ValueError
        place = row_id if isinstance(row_id, int) else UUID(row_id)
        return (datetime.fromisoformat(value) if kind == "d" else value), place
    except (ValueError, TypeError, binascii.Error, orjson.JSONDecodeError):
        raise ValidationFailed(
            "Invalid query parameters",
            [{"field": "cursor", "message": "Not a cursor of this list and sort order."}],
        ) from None
