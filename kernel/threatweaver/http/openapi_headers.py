"""Headers that every route of a kind takes, for the OpenAPI document: repeating, and conditions."""

from typing import Any

from threatweaver.http import etags
from threatweaver.http.route import PUBLIC, Route
from threatweaver.idempotency import service as idempotency


def repeatable(route: Route) -> bool:
    """Say whether a route takes an Idempotency-Key."""
    return route.method == "POST" and route.permission is not PUBLIC


def parameters(route: Route, *, readable: bool) -> list[dict[str, Any]]:
    """Return the header parameters of a route; `readable` says that a GET of the same path carries a tag."""
    chosen = []
    if repeatable(route):
        chosen.append(_IDEMPOTENCY_KEY)
    if etags.tagged(route):
        chosen.append(_IF_NONE_MATCH)
    if readable and route.replaces:
        chosen.append(_IF_MATCH)
    return chosen


def responses(route: Route) -> dict[str, Any]:
    """Return the answers that these headers bring besides errors."""
    return {"304": {"description": "It is as If-None-Match says; no body."}} if etags.tagged(route) else {}


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }


_IDEMPOTENCY_KEY = _header(
    idempotency.HEADER,
    "Makes the request safe to repeat for a day: the first success is answered again, with "
    "`Idempotency-Replayed: true`.",
    pattern=f"^{idempotency.PATTERN}$",
)
_IF_NONE_MATCH = _header("If-None-Match", "The `ETag` of an earlier answer: 304 when nothing has changed.")
_IF_MATCH = _header("If-Match", "The `ETag` of a GET of this path: 412 when it has changed since.")
