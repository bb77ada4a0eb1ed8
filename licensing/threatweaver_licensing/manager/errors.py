"""Errors of the manager's API: status, stable code, and the one body they all share."""

import inspect
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar


class ApiError(Exception):
    """The request cannot be answered."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(
        self, message: str | None = None, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        self.message = message or " ".join(inspect.cleandoc(type(self).__doc__ or "").split())
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(self.message)

    def body(self, request_id: str) -> dict[str, Any]:
        """The error body."""
        return {
            "error": HTTPStatus(self.status).phrase,
            "message": self.message,
            "code": self.code,
            **self.members,
            "requestId": request_id,
        }


class ValidationFailed(ApiError):
    """Invalid request."""

    status, code = 400, "VALIDATION_ERROR"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(details=[{"field": field, "message": problem}])


class MalformedBody(ApiError):
    """The request body is not valid JSON."""

    status, code = 400, "MALFORMED_JSON"


class NoToken(ApiError):
    """Send the token of an API client: Authorization: Bearer ..."""

    status, code = 401, "NO_TOKEN"


class InvalidToken(ApiError):
    """The token is unknown, expired or revoked."""

    status, code = 401, "INVALID_TOKEN"


class Forbidden(ApiError):
    """This API client does not have the scope this needs."""

    status, code = 403, "FORBIDDEN"


class NotFound(ApiError):
    """There is no such resource."""

    status, code = 404, "NOT_FOUND"


class MethodNotAllowed(ApiError):
    """This path does not know that method."""

    status, code = 405, "METHOD_NOT_ALLOWED"


class CustomerExists(ApiError):
    """There is a customer of this name."""

    status, code = 409, "CUSTOMER_EXISTS"


class ReferenceUsed(ApiError):
    """A license was issued under this reference."""

    status, code = 409, "REFERENCE_USED"


class AlreadyRenewed(ApiError):
    """The license was renewed; renew its renewal."""

    status, code = 409, "ALREADY_RENEWED"


class AlreadyRevoked(ApiError):
    """The license is revoked."""

    status, code = 409, "ALREADY_REVOKED"


class PayloadTooLarge(ApiError):
    """The request body is larger than 64 KiB."""

    status, code = 413, "PAYLOAD_TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """The request body must be application/json."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"


class UnknownCustomer(ApiError):
    """There is no customer of this name. Create the customer first."""

    status, code = 422, "UNKNOWN_CUSTOMER"


class TooLarge(ApiError):
    """What was to be signed is larger than a deployment takes."""

    status, code = 422, "TOO_LARGE"


class InternalError(ApiError):
    """Something went wrong on our side. The log has more under the request id."""

    status, code = 500, "INTERNAL_ERROR"


class ServiceUnavailable(ApiError):
    """The database cannot be reached. Try again in a moment."""

    status, code = 503, "SERVICE_UNAVAILABLE"


class ClockBehind(ApiError):
    """The clock is behind the last write. Set it right before anything is signed."""

    status, code = 503, "CLOCK_BEHIND"
