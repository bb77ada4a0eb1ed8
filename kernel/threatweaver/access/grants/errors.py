"""Errors of grants."""

from threatweaver.http.errors import Conflict, Unprocessable


class GrantExists(Conflict):
    """That person or group has this very grant."""

    code = "GRANT_EXISTS"


class NoSuchGrantee(Unprocessable):
    """There is no such user or group in this tenant."""

    code = "NO_SUCH_GRANTEE"


class NoSuchScope(Unprocessable):
    """There is nothing of that kind with that id to limit a grant to."""

    code = "NO_SUCH_SCOPE"
