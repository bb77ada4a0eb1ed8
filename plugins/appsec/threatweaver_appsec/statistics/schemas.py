"""What goes over the wire for /appsec/statistics."""

from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import Schema

_COUNTS: dict[str, Any] = {"keys": fields.String(), "values": fields.Integer(), "required": True}


class SummaryOut(Schema):
    targets = fields.Integer(required=True)
    verified_targets = fields.Integer(required=True)
    assessments = fields.Dict(**_COUNTS)
    open_findings = fields.Dict(**_COUNTS)
    suppressed = fields.Integer(required=True)
    last_scan_at = fields.AwareDateTime(required=True, allow_none=True)


class DaysQuery(Schema):
    days = fields.Integer(load_default=30, validate=validate.Range(1, 365))


class DayOut(Schema):
    day = fields.Date(required=True)
    found = fields.Integer(required=True)
    fixed = fields.Integer(required=True)
    scans = fields.Integer(required=True)


class AgentStatOut(Schema):
    agent = fields.String(required=True)
    total = fields.Integer(required=True)
    open = fields.Integer(required=True)
    false_positive = fields.Integer(required=True)
    precision = fields.Float(required=True, allow_none=True)


class TargetStatOut(Schema):
    target_id = fields.UUID(required=True)
    name = fields.String(required=True)
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)
    last_scan_at = fields.AwareDateTime(required=True, allow_none=True)


class FixTimeOut(Schema):
    severity = fields.String(required=True)
    fixed = fields.Integer(required=True)
    mean_days = fields.Float(required=True, allow_none=True)
    median_days = fields.Float(required=True, allow_none=True)
