"""Errors only exposure can raise."""

from typing import Any

from threatweaver.sdk import ApiError, ReportError


class ReportRefused(ApiError):
    """The report cannot be read."""

    status, code = 422, "REPORT_REFUSED"

    def __init__(self, error: ReportError, **members: Any) -> None:
        message = error.message[:1].upper() + error.message[1:]
        super().__init__(message, reason=error.code.value, **members)


class NotAcceptable(ApiError):
    """A fixed vulnerability has no risk to accept."""

    status, code = 409, "VULNERABILITY_FIXED"


class NotRevertible(ApiError):
    """The import cannot be taken back."""

    status, code = 409, "NOT_REVERTIBLE"


class NotTheOwner(ApiError):
    """Only its owner may change this."""

    status, code = 403, "NOT_THE_OWNER"


class NotAccepted(ApiError):
    """The vulnerability's risk is not accepted."""

    status, code = 409, "NOT_ACCEPTED"
