"""Any exception to the error a caller sees: what heals is 503, what is ours is a 500."""

import asyncpg
import pytest
from aiohttp import web
from tortoise.exceptions import DoesNotExist, IntegrityError, OperationalError

from threatweaver.db.transaction import NoScope, Unreachable
from threatweaver.http.errors import ApiError, Conflict
from threatweaver.http.failures import translate


def orm(kind, cause):
    """As Tortoise raises it."""
    try:
        raise kind(cause) from cause
    except kind as error:
        return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Conflict("x"), 409, "CONFLICT"),
        (web.HTTPNotFound(), 404, "NOT_FOUND"),
        (web.HTTPMethodNotAllowed("PUT", {"GET"}), 405, "METHOD_NOT_ALLOWED"),
        (web.HTTPRequestEntityTooLarge(1, 2), 413, "PAYLOAD_TOO_LARGE"),
        (web.RequestPayloadError("gzip"), 400, "MALFORMED_JSON"),
        (asyncpg.UniqueViolationError("x"), 409, "CONFLICT"),
        (asyncpg.ForeignKeyViolationError("x"), 409, "CONFLICT"),
        (orm(IntegrityError, asyncpg.UniqueViolationError("x")), 409, "CONFLICT"),
        (orm(DoesNotExist, ValueError()), 404, "NOT_FOUND"),
        (asyncpg.QueryCanceledError("x"), 503, "QUERY_TIMEOUT"),
        (asyncpg.DeadlockDetectedError("x"), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.SerializationError("x"), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.InvalidCachedStatementError("x"), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.ConnectionDoesNotExistError("x"), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.AdminShutdownError("x"), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.TooManyConnectionsError("x"), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.DiskFullError("x"), 503, "SERVICE_UNAVAILABLE"),
        (orm(OperationalError, asyncpg.CannotConnectNowError("x")), 503, "SERVICE_UNAVAILABLE"),
        (ConnectionRefusedError(), 503, "SERVICE_UNAVAILABLE"),
        (Unreachable("no socket"), 503, "SERVICE_UNAVAILABLE"),
        (TimeoutError(), 503, "SERVICE_UNAVAILABLE"),
        (asyncpg.DataError("invalid input for query argument $1"), 400, "VALIDATION_ERROR"),
        (asyncpg.StringDataRightTruncationError("x"), 400, "VALIDATION_ERROR"),
        (orm(OperationalError, asyncpg.UntranslatableCharacterError("x")), 400, "VALIDATION_ERROR"),
    ],
)
def test_known(error, status, code):
    known = translate(error)
    assert isinstance(known, ApiError)
    assert (known.status, known.code) == (status, code)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        FileNotFoundError("x"),
        NoScope("x"),
        asyncpg.UndefinedTableError("x"),
        asyncpg.DivisionByZeroError("x"),
        asyncpg.InsufficientPrivilegeError("x"),
        asyncpg.NotNullViolationError("x"),
        orm(IntegrityError, asyncpg.NotNullViolationError("x")),
        orm(OperationalError, asyncpg.PostgresSyntaxError("x")),
        web.HTTPInternalServerError(),
    ],
)
def test_a_defect_of_ours_is_not_dressed_up(error):
    assert translate(error) is None


def test_method_not_allowed_lists_the_methods():
    assert translate(web.HTTPMethodNotAllowed("PUT", {"POST", "GET"})).headers == {"Allow": "GET, POST"}


def test_what_heals_by_itself_says_when_to_come_back():
    assert translate(asyncpg.DeadlockDetectedError("x")).headers == {"Retry-After": "1"}
    assert translate(ConnectionRefusedError()).headers == {"Retry-After": "2"}
