"""What goes over the wire for /admin/settings/feature-flags."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class FeatureFlagOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    default = fields.Boolean(required=True)
    changed_at = fields.AwareDateTime(allow_none=True)
    changed_by = fields.UUID(allow_none=True)


class FeatureFlagsIn(Schema):
    flags = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        values=fields.Boolean(truthy={True}, falsy={False}),
        required=True,
        validate=validate.Length(1, 100),
        metadata={"example": {"kernel.daily_retention": True}},
    )
