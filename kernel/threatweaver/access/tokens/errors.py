"""Errors of API tokens."""

from threatweaver.http.errors import Unprocessable


class BadExpiry(Unprocessable):
    """A token expires in the future, within two years."""

    code = "BAD_EXPIRY"
