"""What goes over the wire for /admin/invitations."""

from marshmallow import fields, validate

from threatweaver.access.roles.schemas import ROLE_NAME
from threatweaver.http.schema import Schema


class InvitationCreate(Schema):
    email = fields.Email(required=True, validate=validate.Length(max=254))
    role = fields.String(required=True, validate=ROLE_NAME, metadata={"example": "viewer"})
    name = fields.String(validate=validate.Length(1, 200))


class InvitationOut(Schema):
    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    invited_by = fields.UUID(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
