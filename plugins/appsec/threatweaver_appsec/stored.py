"""Values as PostgreSQL's JSON takes them, whatever a target wrote into them."""

import json
import re
from typing import Any

import orjson

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # not of a text that says \u0000 itself


def json_text(value: Any) -> str:
    """Return a value as JSON without NUL and lone surrogates, neither of which PostgreSQL holds."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate; a question mark in its place
        whole = json.dumps(value, ensure_ascii=False, default=str)
        text = whole.encode("utf-8", "replace").decode()
    return _NUL.sub(r"\1", text)
