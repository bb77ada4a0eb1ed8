"""What goes over the wire for /auth."""

from marshmallow import fields

from threatweaver.http.schema import Schema


class UserOut(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    tenant_id = fields.UUID(required=True)
    tenant_slug = fields.String(required=True)


class TokenOut(Schema):
    token = fields.String(required=True)


class MeOut(UserOut):
    name = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)


class SwitchTenantIn(Schema):
    tenant_id = fields.UUID(required=True)
