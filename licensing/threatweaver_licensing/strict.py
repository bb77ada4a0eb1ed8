"""Strict reading of values from outside: nothing is converted, guessed or ignored."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Never

LARGEST_COUNT: Final = 2**31 - 1  # what a PostgreSQL integer holds
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)  # leaves room to add a grace period

_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def shown(name: str) -> str:
    """A member name from outside as an error message may repeat it."""
    return name if _SAFE_NAME.fullmatch(name) else "(a name not shown)"


@dataclass(frozen=True, slots=True)
class Checks:
    """Checks of one kind of document; what is wrong is raised as `problem(field, what)`."""

    problem: Callable[[str, str], Exception]

    def json(self, field: str, data: bytes) -> object:
        """JSON without the leniencies of the standard parser: no name twice, no NaN, UTF-8 only."""
        try:
            return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise self.problem(field, "is not JSON") from None  # the cause would carry the content

    def members(
        self,
        field: str,
        value: object,
        *,
        required: frozenset[str] = frozenset(),
        optional: frozenset[str] = frozenset(),
    ) -> Mapping[str, Any]:
        """An object with all of the required members and none that is unknown."""
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self.problem(field, "must be an object")
        if unknown := sorted(value.keys() - required - optional):
            raise self.problem(shown(unknown[0]), "is not a known field")
        if missing := sorted(required - value.keys()):
            raise self.problem(missing[0], "is missing")
        return value

    def seconds(self, field: str, value: object) -> datetime:
        """A time from whole seconds since 1970."""
        if type(value) is not int:  # neither a bool nor a float
            raise self.problem(field, "must be whole seconds since 1970")
        if not EARLIEST.timestamp() <= value <= LATEST.timestamp():
            raise self.problem(field, f"must lie between {EARLIEST.year} and {LATEST.year}")
        return datetime.fromtimestamp(value, UTC)

    def moment(self, field: str, value: object) -> datetime:
        """A time in whole seconds from an ISO 8601 text; a day is its first moment, and UTC is the rule."""
        try:
            found = datetime.fromisoformat(value if isinstance(value, str) else "")
            return self.utc(field, found.replace(microsecond=0, tzinfo=found.tzinfo or UTC))
        except (ValueError, OverflowError):
            raise self.problem(field, "must be YYYY-MM-DD or an ISO 8601 time") from None

    def utc(self, field: str, value: object) -> datetime:
        """A time with a time zone, in UTC."""
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise self.problem(field, "must be a time with a time zone")
        if not EARLIEST <= value <= LATEST:
            raise self.problem(field, f"must lie between {EARLIEST.year} and {LATEST.year}")
        return value.astimezone(UTC)

    def pattern(self, field: str, value: object, pattern: re.Pattern[str]) -> str:
        """A text that the pattern matches wholly."""
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.problem(field, f"must match {pattern.pattern}")
        return value

    def text(self, field: str, value: object, *, longest: int) -> str:
        """A printable text of one line."""
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            raise self.problem(field, f"must be a text of 1 to {longest} characters")
        if not value.isprintable() or value != value.strip():
            raise self.problem(field, "must be printable, without blanks at the ends")
        return value

    def choice(self, field: str, value: object, allowed: Collection[str]) -> str:
        """One of the allowed texts."""
        if not isinstance(value, str) or value not in allowed:
            raise self.problem(field, f"must be one of {', '.join(allowed)}")
        return value

    def count(self, field: str, value: object, *, least: int, most: int = LARGEST_COUNT) -> int:
        """A whole number in its range."""
        if type(value) is not int or not least <= value <= most:  # a bool is no count
            raise self.problem(field, f"must be a whole number from {least} to {most}")
        return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_constant(_: str) -> Never:
    raise ValueError("not a number")
