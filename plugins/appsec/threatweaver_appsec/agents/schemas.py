"""What goes over the wire for /appsec/agents."""

from marshmallow import fields

from threatweaver.sdk import Schema


class MeasurementOut(Schema):
    precision = fields.Float(required=True)
    right = fields.Integer(required=True)
    wrong = fields.Integer(required=True)
    unlisted = fields.Integer(required=True)
    targets = fields.List(fields.String(), required=True)
    at = fields.Date(required=True)


class AgentOut(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.String(required=True)
    cwe = fields.Integer(required=True)
    owasp = fields.String(required=True)
    severity = fields.String(required=True)
    safety = fields.String(required=True)
    description = fields.String(required=True)
    remedy = fields.String(required=True)
    confirmations = fields.Integer(required=True)
    opt_in = fields.Boolean(required=True)
    needs = fields.List(fields.String(), required=True)
    enabled = fields.Boolean(required=True)
    measurement = fields.Nested(MeasurementOut, required=True, allow_none=True)


class AgentDetailOut(AgentOut):
    open_findings = fields.Integer(required=True)
    updated_by = fields.UUID(required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)


class AgentSettingIn(Schema):
    enabled = fields.Boolean(required=True)
