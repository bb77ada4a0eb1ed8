"""What goes over the wire for /admin/groups."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema

_NAME = validate.Length(1, 200)
_DESCRIPTION = validate.Length(0, 1000)


class UserGroupOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    members = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)


class UserGroupCreate(Schema):
    name = fields.String(required=True, validate=_NAME)
    description = fields.String(validate=_DESCRIPTION)


class UserGroupUpdate(Schema):
    name = fields.String(validate=_NAME)
    description = fields.String(validate=_DESCRIPTION)


class UserIdsIn(Schema):
    user_ids = fields.List(
        fields.UUID(metadata={"refers": "/admin/users"}), required=True, validate=validate.Length(1, 1000)
    )


class GroupMemberOut(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
