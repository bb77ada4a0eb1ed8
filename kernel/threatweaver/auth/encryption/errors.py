"""The refusal of an encrypted password."""

from threatweaver.http.errors import ApiError


class PasswordUnreadable(ApiError):
    """The password cannot be read: send at most 256 characters, or a fresh JWE for our current public key."""

    status, code = 400, "PASSWORD_UNREADABLE"
