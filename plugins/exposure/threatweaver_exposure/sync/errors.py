"""Errors of the sync."""

from threatweaver.sdk import ApiError


class NotConfigured(ApiError):
    """Nobody has said yet where Tenable is and with which keys."""

    status, code = 409, "SYNC_NOT_CONFIGURED"


class SyncRunning(ApiError):
    """A sync is running already."""

    status, code = 409, "SYNC_RUNNING"


class NotResumable(ApiError):
    """Only the latest run can go on, if it failed or was cancelled."""

    status, code = 409, "SYNC_NOT_RESUMABLE"


class TenableRefused(ApiError):
    """Tenable did not answer as it should."""

    status, code = 422, "TENABLE_REFUSED"


class KeysRefused(TenableRefused):
    """Tenable does not accept these keys, or they may not export."""

    code = "TENABLE_KEYS_REFUSED"
