"""The same answer in another media type, made of its JSON alone, for whoever asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from marshmallow import Schema

if TYPE_CHECKING:
    from threatweaver.http.context import Context

_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A media type that a GET answers in beside JSON, when `Accept` prefers it.

    `render` takes the body as JSON has it and the route's query, and returns the bytes. `query` are
    parameters of its own, which the route takes beside its others; `headers` go with every such answer.
    """

    content_type: str
    render: Callable[[Any, Mapping[str, Any]], bytes]
    query: type[Schema] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def chosen(ctx: "Context", response: web.StreamResponse) -> web.StreamResponse:
    """Return the answer in the media type that the caller prefers: JSON, unless another is asked for."""
    rendition = ctx.route.rendition
    if rendition is None or not isinstance(response, web.Response) or response.content_type != _JSON:
        return response
    body = response.body
    if prefers(ctx.header("Accept"), rendition.content_type) and isinstance(body, bytes):
        response = web.Response(
            body=rendition.render(orjson.loads(body), ctx.query),
            status=response.status,
            content_type=rendition.content_type,
            headers=rendition.headers,
        )
    response.headers["Vary"] = "Accept"
    return response


def prefers(accept: str, media: str) -> bool:
    """Say whether an `Accept` header prefers a media type to JSON; in a tie JSON is answered."""
    return _quality(accept, media) > _quality(accept, _JSON)


def _quality(accept: str, media: str) -> float:
    """Return how much a header wants a media type, 0 to 1, by the range that names it most closely."""
    closest, quality = -1, 0.0
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        ranges = ("*/*", f"{media.partition('/')[0]}/*", media)
        if name in ranges and ranges.index(name) > closest:
            closest, quality = ranges.index(name), _weight(parameters)
    return quality


def _weight(parameters: list[str]) -> float:
    text = next((item[2:] for item in parameters if item.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
