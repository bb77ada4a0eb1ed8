"""What goes over the wire for /appsec/compliance."""

from marshmallow import fields

from threatweaver.sdk import Schema


class FrameworkOut(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    controls = fields.Integer(required=True)


class ComplianceControlOut(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)
    open = fields.Integer(required=True)


class ComplianceQuery(Schema):
    target_id = fields.UUID(metadata={"refers": "/appsec/targets"})
