"""What goes over the wire for /admin/rate-limits."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.http.schema import Schema


class RateBucketOut(Schema):
    bucket = fields.String(
        required=True, metadata={"description": "`general`, a path, or method and path of a limit by user."}
    )
    client = fields.String(
        required=True, metadata={"description": "The address, an IPv6 client's /64, or the user's id."}
    )
    used = fields.Integer(
        required=True, metadata={"description": "With what processes have drawn in advance."}
    )
    limit = fields.Integer(required=True, allow_none=True)
    full = fields.Boolean(required=True)
    resets_at = fields.AwareDateTime(required=True)


class RateBucketQuery(Schema):
    address = fields.IP()
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class RouteLimitIn(Schema):
    path = fields.String(
        required=True,
        validate=validate.Regexp(r"\A/[^\x00\s]{1,250}\Z"),
        metadata={"example": "/auth/login"},
    )
    limit = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    window_seconds = fields.Integer(required=True, strict=True, validate=validate.Range(1, 86_400))


class RateLimitsIn(Schema):
    general_limit = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 1_000_000),
        metadata={"description": "Requests a minute and address, where nothing else is said."},
    )
    overrides = fields.List(
        fields.Nested(RouteLimitIn),
        required=True,
        validate=validate.Length(max=100),
        metadata={"description": "Limits by address of single routes.", "example": []},
    )

    @validates_schema
    def _once(self, data: Mapping[str, Any], **_: Any) -> None:
        if len({item["path"] for item in data["overrides"]}) < len(data["overrides"]):
            raise ValidationError("Give each path once.", field_name="overrides")


class RouteLimitOut(Schema):
    path = fields.String(required=True)
    limit = fields.Integer(required=True)
    window_seconds = fields.Integer(required=True)


class RateLimitsOut(Schema):
    enabled = fields.Boolean(
        required=True, metadata={"description": "False when TW_RATE_LIMIT=0 switches every limit off."}
    )
    general_limit = fields.Integer(required=True)
    overrides = fields.List(fields.Nested(RouteLimitOut), required=True)
    in_force = fields.List(
        fields.Nested(RouteLimitOut),
        required=True,
        metadata={"description": "Every path with a limit of its own, the documented ones included."},
    )
