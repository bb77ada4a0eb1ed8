"""Errors of the second factor."""

from threatweaver.http.errors import ApiError


class MfaRefused(ApiError):
    """The code is wrong, too old or was used already."""

    status, code = 401, "INVALID_MFA_CODE"


class MfaEnabled(ApiError):
    """A second factor is in use already. Disable it before you set up another one."""

    status, code = 409, "MFA_ENABLED"


class MfaNotSetUp(ApiError):
    """No second factor is set up."""

    status, code = 409, "MFA_NOT_SET_UP"
