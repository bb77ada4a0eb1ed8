"""What an event may be: a frozen, slotted dataclass of plain values."""

import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

_PLAIN = (UUID, str, bool, int, float, Decimal, datetime, date, types.NoneType)


def check(kind: type) -> None:
    """Raise ValueError for a type that cannot be an event, with what is wrong about it."""
    if not isinstance(kind, type) or not is_dataclass(kind):
        raise ValueError(f"{kind!r} is no dataclass")
    if not kind.__dataclass_params__.frozen or "__slots__" not in vars(kind):  # type: ignore[attr-defined]
        raise ValueError(f"{kind.__name__} must be a dataclass with frozen=True and slots=True")
    hints = get_type_hints(kind)
    for field in fields(kind):
        if not _is_plain(hints[field.name]):
            raise ValueError(
                f"{kind.__name__}.{field.name} is no plain value: UUID, str, bool, int, float, Decimal, "
                "datetime, date, an enum, or a tuple of these"
            )


def _is_plain(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return all(map(_is_plain, get_args(hint)))
    if origin is tuple:
        return all(_is_plain(item) for item in get_args(hint) if item is not ...)
    return isinstance(hint, type) and (hint in _PLAIN or issubclass(hint, Enum))
