"""Errors of groups."""

from threatweaver.http.errors import Conflict, Unprocessable


class GroupExists(Conflict):
    """There is a group of that name."""

    code = "GROUP_EXISTS"


class NoSuchUser(Unprocessable):
    """One of the users is no member of this tenant."""

    code = "NO_SUCH_USER"
