"""What goes over the wire for /admin/users."""

from marshmallow import fields, validate

from threatweaver.access.roles.schemas import ROLE_NAME
from threatweaver.http.schema import Schema

_NAME = validate.Length(1, 200)
_EMAIL = validate.Length(max=254)


class TenantUserOut(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    active = fields.Boolean(required=True)
    email_verified = fields.Boolean(required=True)
    mfa_enabled = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Last sign-in to this tenant."}
    )
    deactivated_at = fields.AwareDateTime(required=True, allow_none=True)


class TenantUserCreate(Schema):
    email = fields.Email(required=True, validate=_EMAIL)
    role = fields.String(required=True, validate=ROLE_NAME, metadata={"example": "viewer"})
    name = fields.String(validate=_NAME)
    password = fields.String(
        validate=validate.Length(1, 256),
        metadata={"description": "To be changed at the first sign-in; without one, a link is mailed."},
    )


class TenantUserUpdate(Schema):
    role = fields.String(validate=ROLE_NAME, metadata={"example": "analyst"})
    name = fields.String(validate=_NAME)
    email = fields.Email(validate=_EMAIL)


class UserSessionOut(Schema):
    id = fields.UUID(required=True)
    method = fields.String(required=True)
    mfa = fields.Boolean(required=True)
    address = fields.String(required=True)
    user_agent = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_seen_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True)
