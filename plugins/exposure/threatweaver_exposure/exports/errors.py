"""Errors only exports can raise."""

from threatweaver.sdk import ApiError


class NotReadable(ApiError):
    """You do not have the permission to see what you want to export."""

    status, code = 403, "FORBIDDEN"


class NotReady(ApiError):
    """The export is not complete; its `state` says whether it will be."""

    status, code = 409, "EXPORT_NOT_READY"
