"""What goes over the wire for /auth."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class LoginIn(Schema):
    email = fields.Email(required=True, validate=validate.Length(max=254))
    password = fields.String(required=True, validate=validate.Length(1, 256))


class UserOut(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    tenant_id = fields.UUID(required=True)
    tenant_slug = fields.String(required=True)


class LoginOut(Schema):
    token = fields.String(required=True)
    user = fields.Nested(UserOut, required=True)


class TokenOut(Schema):
    token = fields.String(required=True)


class MeOut(UserOut):
    name = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
