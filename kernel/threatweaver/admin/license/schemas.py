"""What goes over the wire for /admin/settings/license."""

from marshmallow import fields

from threatweaver.http.schema import Schema


class LicenseModuleOut(Schema):
    name = fields.String(required=True)
    version = fields.String(required=True)
    admitted = fields.Boolean(required=True)


class LicenseClaimsOut(Schema):
    jti = fields.String(required=True)
    customer = fields.String(required=True)
    type = fields.String(required=True)
    deployment = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    grace_days = fields.Integer(required=True)


class UsageOut(Schema):
    used = fields.Integer(required=True)
    licensed = fields.Integer(allow_none=True, metadata={"description": "null: as many as you like."})


class LicenseOut(Schema):
    state = fields.String(required=True)
    reason = fields.String(required=True)
    next_change_at = fields.AwareDateTime(allow_none=True)
    deployment_mode = fields.String(required=True)
    modules = fields.List(fields.Nested(LicenseModuleOut), required=True)
    claims = fields.Nested(
        LicenseClaimsOut,
        allow_none=True,
        metadata={"description": "Of the whole installation, so for its operators alone."},
    )
    seats = fields.Nested(UsageOut, allow_none=True, metadata={"description": "For operators, as claims."})
    tenants = fields.Nested(UsageOut, allow_none=True, metadata={"description": "For operators, as claims."})
