"""Documents as plain data, read within bounds: JSON, and YAML where PyYAML is installed."""

import importlib
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_BYTES = 8_000_000
MOST_YAML = 2_000_000  # its parser is a hundred times slower
MOST_DEPTH = 60
MOST_NODES = 400_000


def load(body: bytes, *, yaml: bool = True) -> Any:
    """Return what a document says, None where it is neither JSON nor YAML, or is beyond a bound.

    Aliases of YAML are refused: they make small documents endless.
    """
    if len(body) > MOST_BYTES:
        return None
    text = body.decode("utf-8-sig", "replace")
    if text.lstrip()[:1] in {"{", "["}:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        if document is not None:
            return document if bounded(document) else None
    return _yaml(text) if yaml and len(body) <= MOST_YAML else None


def _yaml(text: str) -> Any:
    if importlib.util.find_spec("yaml") is None:
        return None
    yaml = importlib.import_module("yaml")

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for count, event in enumerate(yaml.parse(text, Loader=loader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > MOST_DEPTH or count > MOST_NODES:
                return None
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, OverflowError):
        return None


def bounded(document: Any) -> bool:
    """Return whether a document is no deeper than `MOST_DEPTH` and has no more than `MOST_NODES` values."""
    level, count = [document], 0
    for _ in range(MOST_DEPTH):
        count += len(level)
        if count > MOST_NODES:
            return False
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return True
    return False


def mapping(value: Any) -> Mapping[str, Any]:
    """Return it where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any, most: int = 2_000) -> Sequence[Any]:
    """Return it where it is an array, cut; else an empty one."""
    return value[:most] if isinstance(value, list) else ()


def text(value: Any, most: int = 4_000) -> str:
    """Return it where it is text, cut; numbers as they are written; else an empty text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value[:most] if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def objects(value: Any, most: int = 2_000) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of an array."""
    return (item for item in sequence(value, most) if isinstance(item, dict))


def line(value: str) -> str:
    """Return what of a text may stand in a header."""
    return re.sub(r"[^\x20-\x7e\xa1-\xff]", "", value)
