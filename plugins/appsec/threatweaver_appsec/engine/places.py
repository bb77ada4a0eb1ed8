"""Where something was found, without the values that were there: what is alike is tested and told once."""

import re
from urllib.parse import unquote, urlsplit

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.points import Point, Where, points_of

_ID = re.compile(
    r"\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[a-z]*\d)[0-9a-f]{12,}|\d{4}-\d\d(?:-\d\d)?",
    re.IGNORECASE,
)
_LONG = 40  # characters; a segment that is longer is a value, not a name


def template_of(url: str) -> str:
    """Return a URL's path with {} for segments that are ids, dates or digests."""
    segments = urlsplit(url).path.split("/")
    return (
        "/".join("{}" if _ID.fullmatch(unquote(part)) or len(part) > _LONG else part for part in segments)
        or "/"
    )


def template(operation: Operation) -> str:
    """Return an operation's path template, as its document says it, or by its looks."""
    return operation.template or template_of(operation.request.url)


def name_of(point: Point) -> str:
    """Return a point's place without its value; indexes of lists are one place."""
    name = re.sub(r"/\d+", "/0", point.name) if point.where in (Where.JSON, Where.GRAPHQL) else point.name
    return f"{point.where}:{name}"


def shape(operation: Operation) -> str:
    """Return what operations have in common that do the same with other values."""
    request = operation.request
    named = sorted({name_of(point) for point in points_of(request) if point.where is not Where.COOKIE})
    names = [name for name in named if not name.startswith("path:")]
    return f"{request.method} {request.origin}{template(operation)} {' '.join(names)}"


def key_of(operation: Operation) -> str:
    """Return what tells an operation from each other one, values included."""
    request = operation.request
    return f"{request.method} {request.url} {request.media_type} {request.body.hex()[:2000]}"
