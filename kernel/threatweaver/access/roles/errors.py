"""Errors of roles."""

from threatweaver.http.errors import Conflict, Unprocessable


class RoleExists(Conflict):
    """There is a role of that name."""

    code = "ROLE_EXISTS"


class RoleIsDocumented(Conflict):
    """The documented roles are the same everywhere; make a role of your own instead."""

    code = "ROLE_IS_DOCUMENTED"


class RoleInUse(Conflict):
    """Somebody still has this role, by membership, grant or invitation."""

    code = "ROLE_IN_USE"


class NoSuchRole(Unprocessable):
    """There is no role of that name."""

    code = "NO_SUCH_ROLE"
