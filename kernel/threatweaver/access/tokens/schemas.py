"""What goes over the wire for /tokens."""

from marshmallow import fields, validate

from threatweaver.http.schema import Network, Schema

_NAME = validate.Length(1, 100)
_EXAMPLE = {"example": ["kernel:job:read"]}
_WEEK = 7 * 24 * 60


def _scopes(*, required: bool) -> fields.List[str]:
    return fields.List(
        fields.String(validate=validate.Length(1, 120)),
        required=required,
        validate=validate.Length(1, 500),
        metadata={**_EXAMPLE, "description": "Permissions of yours that the token shall have."},
    )


def _addresses() -> fields.List[str]:
    return fields.List(
        Network(),
        validate=validate.Length(0, 50),
        metadata={"example": ["192.0.2.0/24"], "description": "Where it may be used from; none: anywhere."},
    )


class ApiTokenCreate(Schema):
    name = fields.String(required=True, validate=_NAME)
    scopes = _scopes(required=True)
    addresses = _addresses()
    expires_at = fields.AwareDateTime(metadata={"description": "Within two years; else in one year."})


class ApiTokenUpdate(Schema):
    name = fields.String(validate=_NAME)
    scopes = _scopes(required=False)
    addresses = _addresses()
    expires_at = fields.AwareDateTime()


class RotateIn(Schema):
    overlap_minutes = fields.Integer(
        load_default=60,
        strict=True,
        validate=validate.Range(0, _WEEK),
        metadata={"description": "How long the old secret stays good."},
    )


class ApiTokenOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    addresses = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(("active", "expired", "revoked")))
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)
    last_used_address = fields.String(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class IssuedApiTokenOut(ApiTokenOut):
    secret = fields.String(required=True, metadata={"description": "Shown this once, stored nowhere."})


class OwnedApiTokenOut(ApiTokenOut):
    user_id = fields.UUID(required=True)
    user_email = fields.String(required=True)
