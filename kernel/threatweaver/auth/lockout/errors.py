"""The refusal of the lockout."""

from threatweaver.http.errors import ApiError


class SignInDelayed(ApiError):
    """Too many wrong attempts on this account. Try again later, or from a device that you signed in with."""

    status, code = 429, "SIGN_IN_DELAYED"
