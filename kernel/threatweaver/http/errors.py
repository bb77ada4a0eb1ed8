"""Errors a caller may see: status, stable code, and the one body they all share."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    423: "Locked",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class ApiError(Exception):
    """The request cannot be answered."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str | None] = None  # the body's `error`, where it is not the status's own words

    def __init__(
        self,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.message = message or self.default_message()
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(self.message)

    @classmethod
    def default_message(cls) -> str:
        """Return the class docstring: it is the message."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    @property
    def heading(self) -> str:
        """Return the body's `error`: the title, or the words of the status."""
        return self.title or _TITLES[self.status]

    def body(self, *, instance: str, request_id: str) -> dict[str, Any]:
        """Return the error body: the documented members, and those of RFC 9457 beside them."""
        title = self.heading
        return {
            "error": title,
            "message": self.message,
            "code": self.code,
            **self.members,
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.message,
            "instance": instance,
            "requestId": request_id,
        }


class ValidationFailed(ApiError):
    """Invalid request."""

    status, code, title = 400, "VALIDATION_ERROR", "Validation Error"

    def __init__(self, message: str, details: Sequence[Mapping[str, str]]) -> None:
        super().__init__(message, details=list(details))


class MalformedBody(ApiError):
    """The request body is not valid JSON."""

    status, code = 400, "MALFORMED_JSON"


class NoToken(ApiError):
    """No valid session or token found. Please log in again."""

    status, code = 401, "NO_TOKEN"


class TokenInvalid(ApiError):
    """The token is not valid. Please log in again."""

    status, code = 401, "INVALID_TOKEN"


class TokenExpired(ApiError):
    """The token has expired. Refresh it or log in again."""

    status, code = 401, "TOKEN_EXPIRED"


class Forbidden(ApiError):
    """You do not have the permission this needs."""

    status, code = 403, "FORBIDDEN"


class ForeignOrigin(ApiError):
    """A cookie-authenticated write must come from this product's own pages."""

    status, code = 403, "FOREIGN_ORIGIN"


class SessionRequired(ApiError):
    """This needs a signed-in person; an API token is not enough."""

    status, code = 403, "SESSION_REQUIRED"


class TokenAddressRefused(ApiError):
    """This API token may not be used from your network address."""

    status, code = 403, "TOKEN_ADDRESS_REFUSED"


class ModuleDisabled(ApiError):
    """Module not enabled in your license."""

    status, code, title = 403, "MODULE_DISABLED", "MODULE_DISABLED"


class ModuleUpdating(ApiError):
    """The module is being set up for your tenant. Try again in a moment."""

    status, code = 503, "MODULE_UPDATING"


class NotFound(ApiError):
    """The resource does not exist or is not accessible to this tenant."""

    status, code = 404, "NOT_FOUND"


class MethodNotAllowed(ApiError):
    """This path does not know that method."""

    status, code = 405, "METHOD_NOT_ALLOWED"


class Conflict(ApiError):
    """The request conflicts with what is already there."""

    status, code = 409, "CONFLICT"


class PreconditionFailed(ApiError):
    """The resource is not as If-Match says. Read it again before changing it."""

    status, code = 412, "PRECONDITION_FAILED"


class PayloadTooLarge(ApiError):
    """The request body is larger than this endpoint takes."""

    status, code = 413, "PAYLOAD_TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """This endpoint does not take that content type."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"


class Unprocessable(ApiError):
    """The request is well-formed but makes no sense here."""

    status, code = 422, "UNPROCESSABLE"


class LicenseLocked(ApiError):
    """License is locked. Import a new license via Settings > License."""

    status, code, title = 423, "LICENSE_LOCKED", "LICENSE_LOCKED"


class LicenseReadOnly(ApiError):
    """The license has expired: data can be read, not changed. Import a new license via Settings > License."""

    status, code, title = 423, "LICENSE_GRACE", "LICENSE_GRACE"


class TooManyRequests(ApiError):
    """Rate limit exceeded. Try again later."""

    status, code = 429, "RATE_LIMITED"


class InternalError(ApiError):
    """Something went wrong on our side. Quote the request id to your administrator."""

    status, code = 500, "INTERNAL_ERROR"


class ServiceUnavailable(ApiError):
    """The database is unreachable or the service is degraded. Try again in a moment."""

    status, code = 503, "SERVICE_UNAVAILABLE"


class StorageFull(ApiError):
    """The server has no space left for this upload."""

    status, code = 503, "STORAGE_FULL"


class QueryTimeout(ApiError):
    """The query took too long and was cancelled. Narrow the filter."""

    status, code = 503, "QUERY_TIMEOUT"
