"""Errors of registration, invitations and links."""

from threatweaver.http.errors import ApiError


class LinkRefused(ApiError):
    """This link is unknown, used up, replaced by a newer one or too old. Ask for another one."""

    status, code = 422, "INVALID_LINK"


class RegistrationClosed(ApiError):
    """This tenant takes no registrations from you. Ask its administrator for an invitation."""

    status, code = 403, "REGISTRATION_CLOSED"
