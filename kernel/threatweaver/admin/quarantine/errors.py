"""Errors of the quarantine."""

from threatweaver.http.errors import ApiError


class DataGone(ApiError):
    """The data of the record is not there any more; its reason is."""

    status, code = 409, "QUARANTINE_DATA_GONE"


class NotReleasable(ApiError):
    """The record cannot be tried again."""

    status, code = 409, "NOT_RELEASABLE"
