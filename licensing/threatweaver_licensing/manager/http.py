"""What every request goes through: its id, its client, strict JSON in, one form of errors, one log line."""

import json
import logging
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from aiohttp import web
from tortoise.exceptions import BaseORMException, DBConnectionError

from threatweaver_licensing.manager import clients, errors
from threatweaver_licensing.manager.book import Actor
from threatweaver_licensing.manager.errors import ApiError
from threatweaver_licensing.strict import Checks, shown

LARGEST_BODY: Final = 64 * 1024

_log = logging.getLogger("license-manager")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ACTOR: Final = web.RequestKey("actor", Actor)
_REQUEST_ID: Final = web.RequestKey("request_id", str)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_UNREACHABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.QueryCanceledError,
    sqlite3.OperationalError,
    DBConnectionError,
    OSError,
    TimeoutError,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Wrap every request, those without a route included."""
    started = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    request[_REQUEST_ID] = given if _ID.fullmatch(given) else uuid4().hex
    try:
        response = await handler(request)
    except Exception as error:  # noqa: BLE001 - the process edge: a caller gets JSON whatever happens
        known = _translate(request, error)
        response = answer(known.body(request[_REQUEST_ID]), known.status, known.headers)
    response.headers.update(_HEADERS)
    response.headers["X-Request-Id"] = request[_REQUEST_ID]
    _log.info(
        "%s",
        json.dumps(
            {
                "method": request.method,
                "path": request.path,
                "status": response.status,
                "ms": round((time.perf_counter() - started) * 1000, 1),
                "client": request[_ACTOR].name if _ACTOR in request else None,
                "address": request.remote,
                "requestId": request[_REQUEST_ID],
            }
        ),
    )
    return response


def guarded(scope: str, handler: Handler) -> Handler:
    """Let in clients with this scope only."""

    async def endpoint(request: web.Request) -> web.StreamResponse:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise errors.NoToken(headers={"WWW-Authenticate": "Bearer"})
        client = await clients.identify(token)
        request[_ACTOR] = Actor(
            name=client.name, request_id=request[_REQUEST_ID], address=request.remote or ""
        )
        if scope not in client.scopes.split():
            raise errors.Forbidden(scope=scope)
        return await handler(request)

    return endpoint


def actor(request: web.Request) -> Actor:
    """Who calls."""
    return request[_ACTOR]


async def body(request: web.Request) -> object:
    """The request body, which must be strict JSON; what takes a body takes no query."""
    if request.query:
        raise errors.ValidationFailed(shown(next(iter(request.query))), "is not a known parameter")
    if request.content_type != "application/json":
        raise errors.UnsupportedMediaType
    return Checks(_malformed).json("body", await request.read())


def _malformed(_: str, __: str) -> ApiError:
    return errors.MalformedBody()


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON response; times in RFC 3339 UTC."""
    text = json.dumps(value, default=_plain, ensure_ascii=False) + "\n"
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def file(text: str, name: str, content_type: str = "text/plain") -> web.Response:
    """A response that browsers save."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text, headers=headers, content_type=content_type)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def _translate(request: web.Request, error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(error)
    if isinstance(error, web.RequestPayloadError):
        return errors.MalformedBody(headers={"Connection": "close"})
    cause = error
    if isinstance(error, BaseORMException):  # Tortoise wraps some errors of its drivers
        cause = next((item for item in (error.__cause__, *error.args) if isinstance(item, Exception)), error)
    if isinstance(cause, _UNREACHABLE):
        _log.warning("%s %s: %r", request[_REQUEST_ID], request.path, cause)
        return errors.ServiceUnavailable(headers={"Retry-After": "2"})
    _log.error("%s %s", request[_REQUEST_ID], request.path, exc_info=error)
    return errors.InternalError()


def _of_aiohttp(error: web.HTTPException) -> ApiError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return errors.MethodNotAllowed(headers={"Allow": ", ".join(sorted(error.allowed_methods))})
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return errors.PayloadTooLarge()
    if isinstance(error, web.HTTPNotFound):
        return errors.NotFound()
    raise error
