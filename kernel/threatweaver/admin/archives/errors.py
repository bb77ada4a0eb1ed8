"""Errors of archives."""

from threatweaver.http.errors import ApiError


class NotRestorable(ApiError):
    """This class of data cannot be brought back: what counted it has gone on. Download it instead."""

    status, code = 409, "NOT_RESTORABLE"


class ArchiveDamaged(ApiError):
    """The archive's file is missing, or is not the one that was written."""

    status, code = 422, "ARCHIVE_DAMAGED"
