"""What goes over the wire for /notification/deliveries."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.notify.deliveries.queries import STATUSES
from threatweaver.notify.events.catalog import SeverityField


class DeliveryOut(Schema):
    id = fields.UUID(required=True)
    event = fields.String(required=True)
    title = fields.String(required=True)
    severity = fields.String(required=True, validate=validate.OneOf(SeverityField.choices))
    channel_id = fields.UUID(required=True, allow_none=True)
    channel_name = fields.String(required=True, allow_none=True)
    user_id = fields.UUID(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    attempts = fields.Integer(required=True)
    response_code = fields.Integer(required=True, allow_none=True)
    last_error = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    next_attempt_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
