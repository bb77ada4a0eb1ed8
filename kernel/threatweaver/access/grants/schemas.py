"""What goes over the wire for /admin/grants."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.access.roles.schemas import ROLE_NAME
from threatweaver.http.schema import Schema

TENANT = "tenant"


class GrantCreate(Schema):
    user_id = fields.UUID(metadata={"description": "Who gets it; or say groupId."})
    group_id = fields.UUID(metadata={"description": "Which group of users gets it; or say userId."})
    role = fields.String(required=True, validate=ROLE_NAME, metadata={"example": "viewer"})
    scope = fields.String(
        load_default=TENANT,
        validate=validate.Regexp(r"\A[a-z][a-z_]{1,31}\Z", error="Must look like asset_group."),
        metadata={"description": "tenant, or what the rows are chosen by: asset_group, tag."},
    )
    scope_id = fields.UUID(metadata={"description": "Which asset group or tag; none for the whole tenant."})

    @validates_schema
    def _fits(self, data: Any, **_: Any) -> None:
        if ("user_id" in data) == ("group_id" in data):
            raise ValidationError("Say who: userId or groupId.", field_name="userId")
        if (data["scope"] == TENANT) == ("scope_id" in data):
            raise ValidationError("A grant for some rows says which, others do not.", field_name="scopeId")


class GrantOut(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True, allow_none=True)
    group_id = fields.UUID(required=True, allow_none=True)
    role = fields.String(required=True)
    scope = fields.String(required=True)
    scope_id = fields.UUID(required=True, allow_none=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
