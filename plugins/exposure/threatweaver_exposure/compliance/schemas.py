"""What goes over the wire for /dashboard/compliance-status."""

from typing import get_args

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.compliance.controls import Measure, Status
from threatweaver_exposure.dashboard.looks import LookOut


class ControlOut(Schema):
    framework = fields.String(required=True)
    control = fields.String(required=True)
    title = fields.String(required=True)
    measure = fields.String(required=True, validate=validate.OneOf(get_args(Measure)))
    met = fields.Integer(required=True)
    of = fields.Integer(required=True)
    percent = fields.Float(required=True, allow_none=True)
    target = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf([item.value for item in Status]))
    shortfall = fields.List(fields.Nested(LookOut), required=True)


class ComplianceStatusOut(Schema):
    day = fields.Date(required=True)
    met = fields.Integer(required=True)
    not_met = fields.Integer(required=True)
    no_data = fields.Integer(required=True)
    controls = fields.List(fields.Nested(ControlOut), required=True)
