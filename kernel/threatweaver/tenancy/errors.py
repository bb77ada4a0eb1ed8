"""Errors of a tenant that does not let a caller in, and of operating tenants."""

from threatweaver.http.errors import ApiError


class TenantSuspended(ApiError):
    """This tenant is suspended. Ask who operates this installation."""

    status, code = 403, "TENANT_SUSPENDED"


class AddressRefused(ApiError):
    """This tenant does not accept requests from your network address."""

    status, code = 403, "ADDRESS_REFUSED"


class OperatorsTenant(ApiError):
    """The operators' own tenant cannot be suspended or dropped: nobody would be left to undo it."""

    status, code = 409, "OPERATORS_TENANT"


class TenantLimit(ApiError):
    """The license allows no further tenant."""

    status, code = 409, "TENANT_LIMIT"


class NotSuspended(ApiError):
    """Suspend the tenant before you drop it."""

    status, code = 409, "TENANT_NOT_SUSPENDED"


class TenantBusy(ApiError):
    """A job of the tenant is still running. Wait for its end, or cancel it."""

    status, code = 409, "TENANT_BUSY"


class NotConfirmed(ApiError):
    """To drop a tenant, confirm with its slug."""

    status, code = 422, "NOT_CONFIRMED"
