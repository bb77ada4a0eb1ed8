"""Errors of changing the allow and the block list."""

from threatweaver.http.errors import ApiError


class WouldLockOut(ApiError):
    """The change would refuse your own address, now or when a rule expires."""

    status, code = 409, "WOULD_LOCK_OUT"


class TooManyRules(ApiError):
    """The list is full: put single addresses together into networks."""

    status, code = 422, "TOO_MANY_RULES"
