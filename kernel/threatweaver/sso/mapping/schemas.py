"""What goes over the wire for /sso/role-mapping and /sso/break-glass."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema

_ROLE = validate.Regexp(r"\A[a-z][a-z0-9_]{0,63}\Z", error="The name of a role, like analyst.")


class RuleOut(Schema):
    group = fields.String(required=True, validate=validate.Length(1, 500))
    role = fields.String(required=True, validate=_ROLE, metadata={"example": "analyst"})
    provider_id = fields.UUID(load_default=None, allow_none=True, metadata={"example": None})


class RoleMapping(Schema):
    rules = fields.List(fields.Nested(RuleOut), required=True, validate=validate.Length(max=500))
    default_role = fields.String(
        load_default=None,
        allow_none=True,
        validate=_ROLE,
        metadata={"description": "For whom no rule fires; null refuses them.", "example": "viewer"},
    )


class BreakGlassIn(Schema):
    user_ids = fields.List(
        fields.UUID(), required=True, validate=validate.Length(max=20), metadata={"example": []}
    )


class BreakGlassOut(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
