"""Errors of signing in."""

from threatweaver.http.errors import ApiError


class BadCredentials(ApiError):
    """The e-mail address or the password is wrong."""

    status, code = 401, "INVALID_CREDENTIALS"


class RefreshRefused(ApiError):
    """The refresh token is missing, used up, expired or revoked. Please log in again."""

    status, code = 401, "INVALID_REFRESH_TOKEN"
