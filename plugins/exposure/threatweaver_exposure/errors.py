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


class NotUndoable(ApiError):
    """The merge or split cannot be undone."""

    status, code = 409, "NOT_UNDOABLE"


class NotApart(ApiError):
    """Nobody said that the vulnerability is a flaw of its own."""

    status, code = 409, "NOT_APART"


class AssetMerged(ApiError):
    """The asset is part of another one now."""

    status, code = 410, "ASSET_MERGED"


class CountDiffers(ApiError):
    """The filter matches another number of rows than was expected."""

    status, code = 409, "COUNT_DIFFERS"

    def __init__(self, expected: int | None = None, matched: int | None = None, **members: Any) -> None:
        if matched is not None:
            members |= {"expected": expected, "matched": matched}
        super().__init__(None, **members)


class NotTheOwner(ApiError):
    """Only its owner may change this."""

    status, code = 403, "NOT_THE_OWNER"


class NotAccepted(ApiError):
    """The vulnerability's risk is not accepted."""

    status, code = 409, "NOT_ACCEPTED"


class AlreadyAcknowledged(ApiError):
    """Somebody has acknowledged the anomaly, with other words."""

    status, code = 409, "ALREADY_ACKNOWLEDGED"
