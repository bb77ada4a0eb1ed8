"""What an answer gives away: the ids and marks in it, and what is left when they are masked."""

import re
from typing import Any

import orjson

from threatweaver.testing.contract.answers import Answer

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_MARK = r"(?<![0-9a-fA-F])[0-9a-fA-F]{12,}(?![0-9a-fA-F])"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?"
_IDS = re.compile(_UUID)
_MARKS = re.compile(f"{_UUID}|{_MARK}")
_MASKED = re.compile(f"{_UUID}|{_TIME}|{_MARK}|[A-Za-z0-9_-]{{40,}}")


def text(body: Any) -> str:
    """Return a body as text, with the members of every object in one order."""
    if isinstance(body, bytes):
        return body.decode(errors="replace")
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()


def ids(answer: Answer) -> set[str]:
    """Return every UUID in a body."""
    return set(_IDS.findall(text(answer.body)))


def marks(answer: Answer) -> set[str]:
    """Return what only one tenant's rows hold: UUIDs, and words of twelve or more hexadecimal digits."""
    return set(_MARKS.findall(text(answer.body)))


def masked(answer: Answer) -> tuple[int, str]:
    """Return status and body without ids, times and tokens: what must not depend on whose id it was."""
    return answer.status, _MASKED.sub("*", text(answer.body))
