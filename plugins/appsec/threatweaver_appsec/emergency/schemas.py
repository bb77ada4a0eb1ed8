"""What goes over the wire for /appsec/emergency-stop."""

from marshmallow import fields

from threatweaver.sdk import Schema
from threatweaver_appsec.fields import prose


class EmergencyStopOut(Schema):
    stopped = fields.Boolean(required=True)
    reason = fields.String(required=True)
    pulled_by = fields.UUID(required=True, allow_none=True)
    pulled_at = fields.AwareDateTime(required=True, allow_none=True)
    running = fields.Integer(required=True)


class EmergencyStopIn(Schema):
    reason = prose(0, 2000)
