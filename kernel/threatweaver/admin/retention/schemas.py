"""What goes over the wire for /admin/retention."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema

_DAYS = validate.Range(1, 36_500)


class RetentionPolicyOut(Schema):
    data_class = fields.String(required=True)
    title = fields.String(required=True)
    days = fields.Integer(allow_none=True, metadata={"description": "null: for ever."})
    default_days = fields.Integer(allow_none=True)
    minimum_days = fields.Integer(required=True)


class RetentionIn(Schema):
    days = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        values=fields.Integer(strict=True, allow_none=True, validate=_DAYS),
        required=True,
        validate=validate.Length(1, 100),
        metadata={"example": {"kernel.jobs": 60}},
    )


class RetentionDueOut(Schema):
    data_class = fields.String(required=True)
    before = fields.AwareDateTime(required=True)
    rows = fields.Integer(required=True)


class RetentionRunOut(Schema):
    id = fields.UUID(required=True)
    started_by = fields.UUID(allow_none=True, metadata={"description": "null: the daily run."})
    finished_at = fields.AwareDateTime(required=True)
    removed = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
