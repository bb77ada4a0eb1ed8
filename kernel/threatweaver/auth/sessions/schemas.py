"""What goes over the wire for sessions."""

from marshmallow import fields

from threatweaver.http.schema import Schema


class SessionOut(Schema):
    id = fields.UUID(required=True)
    tenant_slug = fields.String(required=True)
    method = fields.String(required=True)
    mfa = fields.Boolean(required=True)
    address = fields.String(required=True)
    user_agent = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    last_seen_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True)
    current = fields.Boolean(required=True)


class RevokedOut(Schema):
    revoked = fields.Integer(required=True)
