"""What goes over the wire for /notification/events."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.notify.events.catalog import Mode


class EventTypeOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    personal = fields.Boolean(required=True)
    permission = fields.String(required=True, allow_none=True)
    default = fields.String(required=True, validate=validate.OneOf([item.value for item in Mode]))
