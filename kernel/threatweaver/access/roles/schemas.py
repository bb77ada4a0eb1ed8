"""What goes over the wire for /admin/roles and /admin/permissions."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.http.schema import Schema

ROLE_NAME = validate.Regexp(r"\A[a-z][a-z0-9_]{1,63}\Z", error="Must look like night_shift.")
_TITLE = validate.Length(1, 100)
_DESCRIPTION = validate.Length(0, 1000)


def _permissions(*, required: bool) -> fields.List[str]:
    return fields.List(
        fields.String(validate=validate.Length(1, 120)),
        required=required,
        validate=validate.Length(0, 500),
        metadata={"example": ["kernel:job:read"], "description": "Declared ones that you hold yourself."},
    )


class RoleOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
    documented = fields.Boolean(
        required=True, metadata={"description": "One of the seven that never change."}
    )
    created_at = fields.AwareDateTime(required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)


class RoleCreate(Schema):
    name = fields.String(required=True, validate=ROLE_NAME)
    title = fields.String(required=True, validate=_TITLE)
    description = fields.String(validate=_DESCRIPTION)
    permissions = _permissions(required=True)


class RoleUpdate(Schema):
    id = fields.UUID(metadata={"description": "Which role; or say its name."})
    name = fields.String(validate=ROLE_NAME, metadata={"description": "Which role; names never change."})
    title = fields.String(validate=_TITLE)
    description = fields.String(validate=_DESCRIPTION)
    permissions = _permissions(required=False)

    @validates_schema
    def _one_is_named(self, data: Any, **_: Any) -> None:
        if "id" not in data and "name" not in data:
            raise ValidationError("Say which role: id or name.", field_name="id")


class PermissionOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "kernel, or the plugin that declares it."})
    roles = fields.List(fields.String(), required=True, metadata={"description": "Roles that hold it."})


class MatrixRowOut(Schema):
    method = fields.String(required=True)
    path = fields.String(required=True)
    access = fields.String(
        required=True, metadata={"description": "public, signed-in, session or permission."}
    )
    permission = fields.String(required=True, allow_none=True)
    module = fields.String(required=True, allow_none=True)
    scoped = fields.Boolean(
        required=True, metadata={"description": "Whether a grant for some rows is enough."}
    )
    roles = fields.List(fields.String(), required=True, metadata={"description": "Roles that may call it."})
