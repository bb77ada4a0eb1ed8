"""What goes over the wire for the audit log."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class AuditLineOut(Schema):
    seq = fields.Integer(required=True, metadata={"description": "Counts from 1 without a gap."})
    at = fields.AwareDateTime(required=True)
    actor_id = fields.UUID(required=True, allow_none=True)
    actor_email = fields.String(required=True, allow_none=True, metadata={"description": "As of then."})
    token_id = fields.UUID(required=True, allow_none=True, metadata={"description": "API token that acted."})
    via = fields.String(
        required=True,
        metadata={"description": "How the actor had signed in; `token`, `job` or `cli` for those."},
    )
    action = fields.String(required=True)
    target = fields.String(required=True)
    outcome = fields.String(required=True)
    method = fields.String(required=True)
    path = fields.String(required=True)
    status = fields.Integer(required=True)
    request_id = fields.String(required=True)
    address = fields.String(required=True)
    user_agent = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True, metadata={"description": "Members that differ."})
    after = fields.Raw(required=True, allow_none=True)
    hash = fields.String(required=True, metadata={"description": "SHA-256 over the line and its forerunner."})


class ExportQuery(Schema):
    since = fields.Date(metadata={"description": "Begin behind the last root of this day (UTC)."})


class RootOut(Schema):
    at = fields.AwareDateTime(required=True)
    seq = fields.Integer(required=True)
    hash = fields.String(required=True)
    key_id = fields.String(required=True)
    signature = fields.String(required=True, metadata={"description": "Ed25519, base64."})


class KeyOut(Schema):
    key_id = fields.String(required=True)
    algorithm = fields.String(required=True)
    public_key = fields.String(required=True, metadata={"description": "The 32 bytes, base64."})


class SummaryQuery(Schema):
    days = fields.Integer(load_default=30, validate=validate.Range(1, 366))


class ActionCountOut(Schema):
    action = fields.String(required=True)
    outcome = fields.String(required=True)
    count = fields.Integer(required=True)


class AddressCountOut(Schema):
    address = fields.String(required=True)
    count = fields.Integer(required=True)


class DayCountOut(Schema):
    day = fields.Date(required=True)
    success = fields.Integer(required=True)
    failure = fields.Integer(required=True)


class SummaryOut(Schema):
    since = fields.AwareDateTime(required=True)
    actors = fields.Integer(required=True)
    actions = fields.List(fields.Nested(ActionCountOut), required=True)
    failures_by_address = fields.List(fields.Nested(AddressCountOut), required=True)
    days = fields.List(fields.Nested(DayCountOut), required=True)
