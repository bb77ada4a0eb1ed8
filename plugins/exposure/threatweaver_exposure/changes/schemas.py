"""What goes over the wire for /changes."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.changes.position import CursorField


class ChangesQuery(Schema):
    cursor = CursorField(load_default="0")
    limit = fields.Integer(load_default=1000, validate=validate.Range(1, 5000))
    wait = fields.Integer(load_default=0, validate=validate.Range(0, 30))


class ChangeOut(Schema):
    cursor = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    entity = fields.String(required=True, validate=validate.OneOf(("vulnerability", "asset")))
    deleted = fields.Boolean(required=True)
    action = fields.String(required=True)
    vulnerability_id = fields.UUID(required=True, allow_none=True)
    asset_id = fields.UUID(required=True)
    state = fields.String(required=True, allow_none=True)
    severity = fields.String(required=True, allow_none=True)
    risk_score = fields.Integer(required=True, allow_none=True)
    import_id = fields.UUID(allow_none=True)
    actor_id = fields.UUID(allow_none=True)


class ChangesOut(Schema):
    data = fields.List(fields.Nested(ChangeOut), required=True)
    next_cursor = fields.String(required=True)
    more = fields.Boolean(required=True)
