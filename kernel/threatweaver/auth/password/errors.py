"""Refusals of a new password."""

from threatweaver.http.errors import ApiError


class PasswordRefused(ApiError):
    """Choose another password."""

    status, code = 422, "PASSWORD_REFUSED"
