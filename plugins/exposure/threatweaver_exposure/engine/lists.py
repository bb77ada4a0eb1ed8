"""Lists that exports write as JSON inside XML."""

import json


def read_list(text: str) -> list[str] | None:
    """The strings of a JSON list; None when the text is none."""
    if not text.startswith("["):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [_clean(str(value)) for value in values]


def _clean(text: str) -> str:
    """Leave out what JSON escapes can say and neither XML nor PostgreSQL can hold."""
    return text.replace("\0", "").encode(errors="ignore").decode()
