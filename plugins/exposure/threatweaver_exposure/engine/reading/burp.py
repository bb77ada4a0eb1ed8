"""What Burp Suite calls an issue, and where in a web application it is."""

import re

from threatweaver_exposure.engine.reading.web import rule
from threatweaver_exposure.engine.reading.words import place

_EXTENSION = "134217728"  # the type of whatever an extension reports
_LONG = 2_000  # characters; what is longer is no location, and would take long to search
_INSERTION = re.compile(r"\s(\[.+\])\s*\Z", re.DOTALL)


def check_of(kind: object, name: str) -> str:
    """Return the id of an issue's kind: its type, with the name for what extensions report."""
    return rule(f"{_EXTENSION} {name}") if rule(kind) == _EXTENSION else rule(kind, name)


def spot(path: str, caption: str) -> str:
    """Return the location of an issue: a path without its query, and what of the request Burp changed.

    The caption says both, as in `/search [q parameter]`; the path alone may be that of a page from
    which Burp guessed the one that it found.
    """
    caption = caption[:_LONG]
    changed = _INSERTION.search(caption)
    where = caption[: changed.start()] if changed else caption
    return place((where or path).partition("?")[0] or "/", changed.group(1) if changed else "")
