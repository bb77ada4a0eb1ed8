"""Events as JSON and back, by the types of their fields."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from threatweaver.http.errors import ApiError

Event = TypeVar("Event")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class EventUnreadable(ApiError):
    """The event does not fit its type any more: it was published by another version."""

    status, code = 422, "EVENT_UNREADABLE"


def encode(event: object) -> str:
    """Return an event as JSON. Raises ValueError when a field holds what its type does not say."""
    kind: type[Any] = type(event)
    name = kind.__name__
    try:
        text = msgspec.json.encode(event)
        same: bool = msgspec.json.decode(text, type=kind) == event
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {error}") from None
    if not same:  # NaN, for one
        raise ValueError(f"{event!r} does not come back from JSON as it was")
    if _NUL.search(text):
        raise ValueError(f"{name}: PostgreSQL stores no text with NUL")
    return text.decode()


def decode(kind: type[Event], members: Mapping[str, Any]) -> Event:
    """Return the event. Raises EventUnreadable; members that the type does not have are passed over."""
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        raise EventUnreadable(f"{kind.__name__} does not fit its type any more: {error}") from None
