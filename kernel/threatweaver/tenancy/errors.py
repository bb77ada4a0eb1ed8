"""Errors of a tenant that does not let a caller in."""

from threatweaver.http.errors import ApiError


class TenantSuspended(ApiError):
    """This tenant is suspended. Ask who operates this installation."""

    status, code = 403, "TENANT_SUSPENDED"


class AddressRefused(ApiError):
    """This tenant does not accept requests from your network address."""

    status, code = 403, "ADDRESS_REFUSED"
