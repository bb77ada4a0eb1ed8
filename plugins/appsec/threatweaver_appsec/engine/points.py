"""Typed insertion points: where a request can carry a value, and how to put another one there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlunsplit

from threatweaver_appsec.engine.messages import Request, header
from threatweaver_appsec.engine.multipart import fields_of, with_fields

Value = Any
"""Text, or any JSON at `Where.JSON`; elsewhere an object becomes name[key]=value, as PHP and qs read it."""

FORM = "application/x-www-form-urlencoded"
MOST_DEPTH = 40  # of a body; nobody nests data deeper
MOST_POINTS = 200  # of one request; what a generated body has beyond is of the same kind


class Where(StrEnum):
    """The part of a request that carries the value."""

    PATH = "path"
    QUERY = "query"
    FORM = "form"
    JSON = "json"
    HEADER = "header"
    COOKIE = "cookie"
    GRAPHQL = "graphql"
    XML = "xml"


@dataclass(frozen=True)
class Point:
    """One place. `name` is a parameter, a JSON pointer (RFC 6901), or the index of a path's segment.

    An XML body is one place as a whole, without a name.
    """

    where: Where
    name: str
    value: Value = ""
    """What stands there in the request as it was found."""


def points_of(request: Request, *, headers: bool = False) -> tuple[Point, ...]:
    """Return the places of a request in a fixed order; headers that applications read only when asked."""
    found = [*_path(request), *_query(request), *_body(request), *_cookies(request)]
    if headers:
        found += [Point(Where.HEADER, name, header(request.headers, name) or "") for name in HEADERS]
    return tuple(found[:MOST_POINTS])


HEADERS = ("User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host")


def put(request: Request, point: Point, value: Value) -> Request:  # noqa: PLR0911 - one for each kind
    """Return the request with another value at a place; the rest stays, to the byte where that can be."""
    match point.where:
        case Where.PATH:
            segments = request.parts.path.split("/")
            segments[int(point.name)] = quote(_text(value), safe="")
            return replace(request, url=urlunsplit(request.parts._replace(path="/".join(segments))))
        case Where.QUERY:
            pairs = parse_qsl(request.parts.query, keep_blank_values=True)
            query = urlencode(_with(pairs, point.name, value), quote_via=quote)  # not all read + as a space
            return replace(request, url=urlunsplit(request.parts._replace(query=query)))
        case Where.FORM:
            return replace(request, body=_form(request, point.name, value))
        case Where.JSON | Where.GRAPHQL:
            return replace(request, body=_dump(_set(json.loads(request.body or b"null"), point.name, value)))
        case Where.XML:
            return replace(request, body=_text(value).encode())
        case Where.HEADER:
            return request.with_header(point.name, _line(value))
        case Where.COOKIE:
            pairs = [(name, value) for name, value in _cookie_pairs(request) if name != point.name]
            text = "; ".join(f"{name}={text}" for name, text in [*pairs, (point.name, _cookie(value))])
            return request.with_header("Cookie", text)


def _path(request: Request) -> Iterator[Point]:
    for index, segment in enumerate(request.parts.path.split("/")):
        if segment:
            yield Point(Where.PATH, str(index), unquote(segment))


def _query(request: Request) -> Iterator[Point]:
    for name, value in dict(parse_qsl(request.parts.query, keep_blank_values=True)).items():
        yield Point(Where.QUERY, name, value)


def _body(request: Request) -> Iterator[Point]:
    if request.media_type == FORM:
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        yield from (Point(Where.FORM, name, value) for name, value in dict(pairs).items())
    elif request.media_type == "multipart/form-data":
        yield from (Point(Where.FORM, name, value) for name, value in dict(fields_of(request)).items())
    elif request.media_type == "application/json" or request.media_type.endswith("+json"):
        try:
            document = json.loads(request.body)
        except (ValueError, RecursionError):
            return
        graphql = (
            isinstance(document, dict) and isinstance(document.get("query"), str) and "variables" in document
        )
        start, where = ("/variables", Where.GRAPHQL) if graphql else ("", Where.JSON)
        yield from _leaves(document["variables"] if graphql else document, start, where)
    elif _is_xml(request.media_type) and request.body:
        yield Point(Where.XML, "", request.body.decode("utf-8", "replace"))


def _is_xml(media_type: str) -> bool:
    return media_type in ("application/xml", "text/xml") or media_type.endswith("+xml")


def _leaves(document: Any, pointer: str, where: Where, depth: int = 0) -> Iterator[Point]:
    if depth > MOST_DEPTH:
        return
    if isinstance(document, dict):
        for key, value in document.items():
            name = key.replace("~", "~0").replace("/", "~1")
            yield from _leaves(value, f"{pointer}/{name}", where, depth + 1)
    elif isinstance(document, list):
        for index, value in enumerate(document[:3]):  # the others are of the same kind
            yield from _leaves(value, f"{pointer}/{index}", where, depth + 1)
    else:
        yield Point(where, pointer, document)


def _cookies(request: Request) -> Iterator[Point]:
    yield from (Point(Where.COOKIE, name, value) for name, value in _cookie_pairs(request))


def _cookie_pairs(request: Request) -> list[tuple[str, str]]:
    text = header(request.headers, "Cookie") or ""
    pairs = (part.strip().partition("=") for part in text.split(";") if part.strip())
    return [(name, value) for name, _, value in pairs]


def _form(request: Request, name: str, value: Value) -> bytes:
    if request.media_type == "multipart/form-data":
        return with_fields(request, name, _placed(name, value))
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return urlencode(_with(pairs, name, value)).encode()


def _placed(name: str, value: Value) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [(f"{name}[{key}]", _text(item)) for key, item in value.items()]
    return [(name, _text(value))]


def _with(pairs: list[tuple[str, str]], name: str, value: Value) -> list[tuple[str, str]]:
    """Put the value where the name stands first, without its repetitions; else at the end."""
    placed = _placed(name, value)
    at = next((index for index, (key, _) in enumerate(pairs) if key == name), len(pairs))
    kept = [pair for pair in pairs if pair[0] != name]
    return [*kept[:at], *placed, *kept[at:]]


def _set(document: Any, pointer: str, value: Value) -> Any:
    if not pointer:
        return value
    key, _, rest = pointer[1:].partition("/")
    key = key.replace("~1", "/").replace("~0", "~")
    rest = f"/{rest}" if rest else ""
    if isinstance(document, list):
        return [_set(item, rest, value) if str(index) == key else item for index, item in enumerate(document)]
    inside = document if isinstance(document, dict) else {}
    return inside | {key: _set(inside.get(key), rest, value)}


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _line(value: Value) -> str:
    """A header's value: what would end the line is left out, since no client may send it."""
    return "".join(char for char in _text(value) if char not in "\r\n\0")


def _cookie(value: Value) -> str:
    return quote(_line(value), safe="!#$%&'()*+-./:<=>?@[]^_`{|}~")
