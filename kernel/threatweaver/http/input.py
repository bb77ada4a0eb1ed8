"""Strict input: path, query, headers and body are validated; what is not declared is refused."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from marshmallow import Schema, ValidationError

from threatweaver.http.errors import MalformedBody, UnsupportedMediaType, ValidationFailed
from threatweaver.http.route import Route

_DEPTH = 32
# Possessive, and an open string reaches to the end: no quote is looked at twice.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


async def read(request: web.Request, route: Route) -> dict[str, Any]:
    """Return the validated `params`, `query`, `headers` and `body`. Raises ValidationFailed and kin."""
    return {
        "params": _params(request, route),
        "query": _query(request, route),
        "headers": _headers(request, route),
        "body": await _body(request, route),
    }


def _params(request: web.Request, route: Route) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    details: list[dict[str, str]] = []
    for name, kind in route.params.items():
        try:
            text = request.match_info[name]
            if "\x00" in text:
                raise ValidationError("Must not contain the NUL character.")
            values[name] = kind.deserialize(text)
        except ValidationError as error:
            details += [{"field": name, "message": str(message)} for message in error.messages]
    if details:
        raise ValidationFailed("Invalid path parameter", details)
    return values


def _query(request: web.Request, route: Route) -> Mapping[str, Any]:
    given = request.query
    if not given and route.query is None:
        return {}
    values = {name: given[name] for name in given}
    repeated = [name for name in values if len(given.getall(name)) > 1]
    if repeated:
        raise ValidationFailed(
            "Invalid query parameters", [{"field": name, "message": "Give it once."} for name in repeated]
        )
    return _load(route.query or _Nothing, values, "Invalid query parameters")


def defaults(route: Route) -> Mapping[str, Any]:
    """Return what a route makes of no query parameters."""
    return {} if route.query is None else _load(route.query, {}, "Invalid query parameters")


def _headers(request: web.Request, route: Route) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for name, kind in route.headers.items():
        if name in request.headers:
            try:
                values[name] = kind.deserialize(request.headers[name])
            except ValidationError as error:
                raise ValidationFailed(
                    "Invalid header", [{"field": name, "message": str(text)} for text in error.messages]
                ) from None
    return values


async def _body(request: web.Request, route: Route) -> Mapping[str, Any]:
    if route.upload is not None:
        return {}
    if route.form is not None:
        return _load(route.form, await _form(request), "Invalid request body")
    if route.body is None:
        if request.can_read_body and not await _is_empty(request):
            raise ValidationFailed(
                "Invalid request body", [{"field": "body", "message": "This endpoint takes none."}]
            )
        return {}
    text = await request.read()
    if text and request.content_type not in {"application/json", route.media}:
        raise UnsupportedMediaType("Send application/json.")
    _refuse_deep(text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MalformedBody from None
    if not isinstance(value, dict):
        raise ValidationFailed(
            "Invalid request body", [{"field": "body", "message": "Must be a JSON object."}]
        )
    _refuse_odd(value)
    return _load(route.body, value, "Invalid request body")


async def _form(request: web.Request) -> Mapping[str, Any]:
    """Return the fields of an urlencoded form, each given once. Raises UnsupportedMediaType and kin."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("Send application/x-www-form-urlencoded.")
    try:
        given = parse_qsl((await request.read()).decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise MalformedBody("The request body is not a valid form.") from None
    if len({name for name, _ in given}) < len(given):
        raise ValidationFailed("Invalid request body", [{"field": "body", "message": "Give a field once."}])
    return dict(given)


async def _is_empty(request: web.Request) -> bool:
    """Say whether a body says nothing; clients that always send JSON send an empty object."""
    try:
        return await request.read() in (b"", b"{}")
    except (web.HTTPRequestEntityTooLarge, web.RequestPayloadError):
        return False


def _refuse_deep(text: bytes) -> None:
    """Refuse nesting before anything is built of it: peel the innermost brackets off, a level at a time."""
    if text.count(b"[") + text.count(b"{") <= _DEPTH:
        return
    brackets = _STRING.sub(b"", text).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if not brackets:
        return
    if brackets.count(b"[") != brackets.count(b"]"):
        raise MalformedBody
    raise ValidationFailed("Invalid request body", [{"field": "body", "message": "Nested too deeply."}])


def _refuse_odd(value: Any) -> None:
    """Refuse what no field may hold: text with NUL."""
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_odd(name)
            _refuse_odd(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_odd(item)
    elif isinstance(value, str) and "\x00" in value:
        raise ValidationFailed(
            "Invalid request body",
            [{"field": "body", "message": "Text must not contain the NUL character."}],
        )


class _Nothing(Schema):
    pass


@cache
def _loader(schema: type[Schema]) -> Schema:
    return schema()


def _load(schema: type[Schema], values: Mapping[str, Any], message: str) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = _loader(schema).load(values)
    except ValidationError as error:
        raise ValidationFailed(message, _details(error.messages)) from None
    return loaded


def _details(messages: Any, path: str = "") -> list[dict[str, str]]:
    """Flatten marshmallow's nested messages to field paths."""
    if isinstance(messages, dict):
        return [
            detail
            for name, inner in messages.items()
            for detail in _details(
                inner, f"{path}.{name}" if path and name != "_schema" else path or str(name)
            )
        ]
    return [{"field": path or "body", "message": str(text)} for text in messages]
