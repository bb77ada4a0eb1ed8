"""What goes over the wire for /changes."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema


class ChangesQuery(Schema):
    cursor = fields.Integer(load_default=0, validate=validate.Range(0, 2**63 - 1))
    limit = fields.Integer(load_default=1000, validate=validate.Range(1, 5000))


class ChangeOut(Schema):
    cursor = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    vulnerability_id = fields.UUID(required=True)
    asset_id = fields.UUID(required=True)
    state = fields.String(required=True)
    severity = fields.String(required=True)
    risk_score = fields.Integer(required=True)
    import_id = fields.UUID(allow_none=True)
    actor_id = fields.UUID(allow_none=True)


class ChangesOut(Schema):
    data = fields.List(fields.Nested(ChangeOut), required=True)
    next_cursor = fields.String(required=True)
    more = fields.Boolean(required=True)
