"""What goes over the wire for /notification/preview."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.notify.events.catalog import SeverityField


def _days() -> fields.Integer:
    return fields.Integer(load_default=7, validate=validate.Range(1, 30))


class PreviewQuery(Schema):
    days = _days()


class FilterIn(Schema):
    events = fields.List(
        fields.String(validate=validate.Length(1, 100)), load_default=list, validate=validate.Length(0, 100)
    )
    minimum_severity = SeverityField(load_default=0)


class PersonPreviewOut(Schema):
    days = fields.Integer(required=True)
    notifications = fields.Integer(required=True)
    mails = fields.Integer(required=True)


class ChannelPreviewOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    deliveries = fields.Integer(required=True)


class PreviewOut(PersonPreviewOut):
    channels = fields.List(fields.Nested(ChannelPreviewOut), required=True)
    repeated = fields.Integer(required=True)
    suppressed = fields.Integer(required=True)


class EventCountOut(Schema):
    event = fields.String(required=True)
    deliveries = fields.Integer(required=True)


class FilterPreviewOut(Schema):
    days = fields.Integer(required=True)
    deliveries = fields.Integer(required=True)
    events = fields.List(fields.Nested(EventCountOut), required=True)
