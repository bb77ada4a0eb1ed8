"""What goes over the wire for /security."""

from marshmallow import fields

from threatweaver.http.schema import Schema


class TenantSessionOut(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    email = fields.String(required=True)
    method = fields.String(required=True)
    mfa = fields.Boolean(required=True)
    address = fields.String(required=True)
    user_agent = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_seen_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True)


class LockoutOut(Schema):
    user_id = fields.UUID(required=True)
    email = fields.String(required=True)
    failures = fields.Integer(required=True)
    blocked_until = fields.AwareDateTime(required=True)


class SecretKeyOut(Schema):
    id = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"description": "upcoming, current, opens or retired"})
    created_at = fields.AwareDateTime(required=True, allow_none=True)
    seals_from = fields.AwareDateTime(required=True, allow_none=True)
    resealed_at = fields.AwareDateTime(required=True, allow_none=True)
    retired_at = fields.AwareDateTime(required=True, allow_none=True)


class OutboundOut(Schema):
    allow = fields.List(fields.String(), required=True)
    ports = fields.List(fields.Integer(), required=True)


class CheckOut(Schema):
    name = fields.String(required=True)
    passed = fields.Boolean(required=True)
    count = fields.Integer(required=True, metadata={"description": "How many do not pass."})
    advice = fields.String(required=True)
