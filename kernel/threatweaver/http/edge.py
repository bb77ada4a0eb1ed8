"""The edge: request id, rate limit, errors to JSON, security headers and one log line a request."""

import re
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from threatweaver import log
from threatweaver.http import proxies
from threatweaver.http.errors import ApiError, InternalError
from threatweaver.http.failures import translate
from threatweaver.http.output import error_response
from threatweaver.ids import uuid7
from threatweaver.kernel import KERNEL

_log = log.get(__name__)
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Wrap every request, those without a route included."""
    started = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    request_id = given if _ID.fullmatch(given) else uuid7().hex
    request["request_id"] = request_id
    structlog.contextvars.bind_contextvars(request_id=request_id)
    kernel = request.app[KERNEL]
    try:
        client = kernel.proxies.identify(request)
        asked = kernel.origins.preflight(request)
        path = _route(request) if asked is None else None
        request["allowance"] = await kernel.limiter.take_for_address(path, client.address)
        response = await handler(request) if asked is None else asked
    except Exception as error:  # noqa: BLE001 - the process edge: a caller gets JSON whatever happens
        response = _failure(request, error, request_id)
    if not response.prepared:
        _add_headers(request, response, kernel.origins.headers(request))
    _log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status,
        ms=round((time.perf_counter() - started) * 1000, 1),
        address=_address(request),
        **request.get("noted", {}),
    )
    return response


def _address(request: web.Request) -> str | None:
    client = request.get(proxies.KEY)
    return client.address if client is not None else request.remote


def _add_headers(request: web.Request, response: web.StreamResponse, more: dict[str, str]) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request["request_id"]
    varying = [headers["Vary"] for headers in (response.headers, more) if "Vary" in headers]
    response.headers.update(more)
    if varying:
        response.headers["Vary"] = ", ".join(varying)
    if proxies.is_secure(request):
        response.headers["Strict-Transport-Security"] = _HSTS
    if (allowance := request.get("allowance")) is not None:
        response.headers.update(allowance.headers())
    if (coming := request.app[KERNEL].license.announcement()) is not None:
        response.headers["License-Notice"] = f"{coming.state}; days={coming.days}; at={coming.at:%Y-%m-%d}"


def _route(request: web.Request) -> str | None:
    """Return the path below /api as its route declares it, as it was asked without one; None elsewhere."""
    resource = request.match_info.route.resource
    path = request.path if resource is None else resource.canonical
    return path.removeprefix("/api") if path.startswith("/api/") else None


def _failure(request: web.Request, error: Exception, request_id: str) -> web.Response:
    known: ApiError | None = translate(error)
    if known is None:
        _log.error("request_failed", path=request.path, exc_info=error)
        known = InternalError()
    elif known.status >= 500 or not isinstance(error, (ApiError, web.HTTPException)):
        _log.warning("request_refused", path=request.path, code=known.code, cause=repr(error)[:300])
    request["noted"] = {**request.get("noted", {}), "code": known.code}
    body = known.body(instance=request.path, request_id=request_id)
    return error_response(body, known.status, known.headers)
