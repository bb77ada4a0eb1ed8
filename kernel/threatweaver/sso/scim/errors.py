"""Errors of SCIM: our error body with the members of RFC 7644 beside it."""

from typing import Any

from threatweaver.http.errors import ApiError

_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(ApiError):
    """The request cannot be answered."""

    scim_type: str | None = None

    def __init__(self, message: str | None = None, **members: Any) -> None:
        kind: dict[str, Any] = {"scimType": self.scim_type} if self.scim_type else {}
        super().__init__(message, schemas=[_SCHEMA], **kind, **members)


class ScimTaken(ScimError):
    """Another resource has this name already, here or in another tenant."""

    status, code, scim_type = 409, "SCIM_UNIQUENESS", "uniqueness"


class ScimLastAdmin(ScimError):
    """A tenant keeps at least one active administrator."""

    status, code = 409, "SCIM_LAST_ADMIN"


class ScimInvalidValue(ScimError):
    """A value of this resource is not acceptable."""

    status, code, scim_type = 400, "SCIM_INVALID_VALUE", "invalidValue"


class ScimNotYours(ScimError):
    """The directory did not make this account, or another tenant knows it, too: its address stays."""

    status, code, scim_type = 400, "SCIM_NOT_YOURS", "mutability"


class ScimInvalidFilter(ScimError):
    """Filters are `<attribute> eq "<text>"` on userName, externalId or displayName."""

    status, code, scim_type = 400, "SCIM_INVALID_FILTER", "invalidFilter"
