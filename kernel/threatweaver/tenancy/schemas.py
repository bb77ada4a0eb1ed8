"""What goes over the wire for /tenants."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.tenancy.provision import SLUG

_NAME = validate.Length(1, 200)
_PLAN = validate.Length(1, 32)
_SLUG = validate.Regexp(SLUG, error="Must be 1 to 63 of a-z, 0-9 and inner hyphens.")


class TenantOut(Schema):
    id = fields.UUID(required=True)
    slug = fields.String(required=True)
    name = fields.String(required=True)
    plan = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    suspended_at = fields.AwareDateTime(allow_none=True)
    suspended_reason = fields.String(required=True)


class TenantDetailOut(TenantOut):
    members = fields.Integer(required=True)
    jobs = fields.Integer(required=True, metadata={"description": "Queued and running ones."})
    bytes = fields.Integer(required=True, metadata={"description": "What its tables and indexes take."})


class TenantAdminIn(Schema):
    email = fields.Email(required=True, validate=validate.Length(max=254))
    name = fields.String(load_default="", validate=validate.Length(0, 200))


class TenantIn(Schema):
    slug = fields.String(required=True, validate=_SLUG)
    name = fields.String(required=True, validate=_NAME)
    plan = fields.String(load_default="standard", validate=_PLAN)
    admin = fields.Nested(TenantAdminIn, load_default=None, allow_none=True)


class TenantMadeOut(TenantDetailOut):
    initial_password = fields.String(
        allow_none=True,
        metadata={"description": "Of the administrator, if their account is new: shown once, to be changed."},
    )


class TenantUpdate(Schema):
    name = fields.String(validate=_NAME)
    plan = fields.String(validate=_PLAN)


class SuspendIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class DropQuery(Schema):
    confirm = fields.String(
        required=True, validate=validate.Length(1, 63), metadata={"description": "The tenant's slug."}
    )


class TenantExportOut(Schema):
    id = fields.UUID(required=True)
    bytes = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
