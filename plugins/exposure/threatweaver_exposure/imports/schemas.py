"""What goes over the wire for /imports."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.imports import gates


class FormatOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)


class ImportIn(Schema):
    asset = fields.String(validate=validate.Length(1, 255))
    dry_run = fields.Boolean(load_default=False)
    mapping = fields.UUID()
    gate = fields.String(validate=validate.Length(1, 4000), metadata={"example": "severity=CRITICAL"})
    gate_on = fields.String(load_default="seen", validate=validate.OneOf(gates.ON))


class RevertIn(Schema):
    dry_run = fields.Boolean(load_default=False)


class ImportOut(Schema):
    id = fields.UUID(required=True)
    job_id = fields.UUID(required=True)
    filename = fields.String(required=True)
    format = fields.String(required=True)
    asset = fields.String(allow_none=True)
    dry_run = fields.Boolean(required=True)
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    created_by = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    assets = fields.Integer(allow_none=True)
    findings = fields.Integer(allow_none=True)
    duplicates = fields.Integer(allow_none=True)
    created = fields.Integer(allow_none=True)
    updated = fields.Integer(allow_none=True)
    reopened = fields.Integer(allow_none=True)
    unchanged = fields.Integer(allow_none=True)
    closed = fields.Integer(allow_none=True)
    unobserved = fields.Integer(allow_none=True)
    merged_at = fields.AwareDateTime(allow_none=True)
    reverted_at = fields.AwareDateTime(allow_none=True)
    reverted_by = fields.UUID(allow_none=True)
