"""Errors that several parts of access share."""

from collections.abc import Iterable

from threatweaver.http.errors import ApiError, Unprocessable


class BeyondYourRights(ApiError):
    """This needs permissions that you do not hold yourself."""

    status, code = 403, "BEYOND_YOUR_RIGHTS"

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__(permissions=sorted(missing))


class UnknownPermission(Unprocessable):
    """Nothing in this installation declares that permission."""

    code = "UNKNOWN_PERMISSION"

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(permissions=sorted(names))
