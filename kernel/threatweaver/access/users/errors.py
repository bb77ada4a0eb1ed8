"""Errors of users."""

from threatweaver.http.errors import Conflict


class UserExists(Conflict):
    """Somebody with this e-mail address is a member of this tenant already."""

    code = "USER_EXISTS"


class EmailInUse(Conflict):
    """This e-mail address belongs to an account of this installation; invite the person instead."""

    code = "EMAIL_IN_USE"


class PersonShared(Conflict):
    """This person belongs to other tenants, too; only they change their own account."""

    code = "PERSON_SHARED"


class LastAdmin(Conflict):
    """A tenant keeps at least one active administrator."""

    code = "LAST_ADMIN"


class SeatsExhausted(Conflict):
    """Every seat of the license is taken. Deactivate somebody, or import a license with more seats."""

    code = "SEATS_EXHAUSTED"
