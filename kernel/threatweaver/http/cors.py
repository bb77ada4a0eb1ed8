"""Pages of other origins: which may call, and what a browser that asks first is told."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from threatweaver.http import proxies

_SENT = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-API-Key, X-Filename, "
    "X-Request-Id"
)
_SHOWN = (
    "ETag, Idempotency-Replayed, Location, Preference-Applied, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After, X-Request-Id"
)


class Origins:
    """The origins besides our own whose pages may call, with cookies; never all of them."""

    def __init__(self, listed: Iterable[str]) -> None:
        self._listed = frozenset(listed)

    def preflight(self, request: web.Request) -> web.Response | None:
        """Answer a browser that asks what a listed origin may do here; None for every other request."""
        if request.method != "OPTIONS" or request.headers.get("Origin") not in self._listed:
            return None
        failure = request.match_info.http_exception
        if "Access-Control-Request-Method" not in request.headers or not isinstance(
            failure, web.HTTPMethodNotAllowed
        ):
            return None
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": ", ".join(sorted(failure.allowed_methods)),
                "Access-Control-Allow-Headers": _SENT,
                "Access-Control-Max-Age": "600",
            },
        )

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return what lets a page of a listed origin read the answer; without a list nothing."""
        if not self._listed:
            return {}
        origin = request.headers.get("Origin")
        if origin is None or origin not in self._listed:
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": _SHOWN,
        }

    def may_write(self, request: web.Request) -> bool:
        """Say whether a request with a cookie comes from a page of ours or of a listed origin."""
        given = request.headers.get("Origin") or request.headers.get("Referer") or ""
        try:
            scheme, host, *_ = urlsplit(given)
        except ValueError:
            return False
        client = proxies.of(request)
        own = host == client.host and scheme in ({"https"} if client.secure else {"http", "https"})
        return own or f"{scheme}://{host}" in self._listed
