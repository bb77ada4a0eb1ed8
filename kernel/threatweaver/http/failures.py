"""From any exception to the ApiError a caller sees: one table, used at the edge alone."""

import asyncpg
from aiohttp import web
from tortoise.exceptions import BaseORMException, DoesNotExist, IntegrityError

from threatweaver.http import errors
from threatweaver.http.errors import ApiError

_UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)
_CONFLICT = (
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.ExclusionViolationError,
)
_RETRY = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,  # a migration went by; the next attempt plans anew
    asyncpg.OutdatedSchemaCacheError,
)
_UNSTORABLE = (
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.DatetimeFieldOverflowError,
    asyncpg.StringDataRightTruncationError,
)


def translate(error: Exception) -> ApiError | None:
    """Return the documented error for an exception, None when it is a defect of ours (a 500)."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(error)
    if isinstance(error, web.RequestPayloadError):
        return errors.MalformedBody(
            "The request body does not decode as its headers say.", headers={"Connection": "close"}
        )
    if isinstance(error, BaseORMException):
        return _of_orm(error)
    return _of_database(error)


def _of_orm(error: BaseORMException) -> ApiError | None:
    if isinstance(error, DoesNotExist):
        return errors.NotFound()
    cause = error.__cause__ or next((item for item in error.args if isinstance(item, Exception)), None)
    if isinstance(cause, Exception):
        return _of_database(cause)
    return errors.Conflict() if isinstance(error, IntegrityError) else None


def _of_database(error: Exception) -> ApiError | None:
    if isinstance(error, asyncpg.QueryCanceledError):
        return errors.QueryTimeout()
    if isinstance(error, _CONFLICT):
        return errors.Conflict()
    # asyncpg raises DataError itself for a value that the wire format cannot carry.
    if type(error) is asyncpg.DataError or isinstance(error, _UNSTORABLE):
        return errors.ValidationFailed(
            "Invalid request", [{"field": "request", "message": "A value cannot be stored."}]
        )
    if isinstance(error, _RETRY):
        return errors.ServiceUnavailable(headers={"Retry-After": "1"})
    if isinstance(error, _UNREACHABLE):
        return errors.ServiceUnavailable(headers={"Retry-After": "2"})
    return None


def _of_aiohttp(error: web.HTTPException) -> ApiError | None:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return errors.MethodNotAllowed(headers={"Allow": ", ".join(sorted(error.allowed_methods))})
    known: dict[int, type[ApiError]] = {
        404: errors.NotFound,
        413: errors.PayloadTooLarge,
        415: errors.UnsupportedMediaType,
        400: errors.MalformedBody,
    }
    kind = known.get(error.status)
    return kind() if kind else None
