"""What goes over the wire for /me."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class ScopedPermissionOut(Schema):
    permission = fields.String(required=True)
    within = fields.List(
        fields.UUID(), required=True, metadata={"description": "Asset groups and tags it holds for."}
    )


class MyPermissionsOut(Schema):
    permissions = fields.List(fields.String(), required=True)
    scoped = fields.List(fields.Nested(ScopedPermissionOut), required=True)


class MyTenantOut(Schema):
    id = fields.UUID(required=True)
    slug = fields.String(required=True)
    role = fields.String(required=True)
    current = fields.Boolean(required=True)


class ProfileOut(MyPermissionsOut):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    tenants = fields.List(fields.Nested(MyTenantOut), required=True)
    token_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The API token that asks, if one does."}
    )


class ProfileIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 200))
