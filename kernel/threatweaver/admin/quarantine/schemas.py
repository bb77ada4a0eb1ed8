"""What goes over the wire for /admin/quarantine."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class QuarantinedOut(Schema):
    id = fields.UUID(required=True)
    source = fields.String(required=True, metadata={"description": "The job that refused it."})
    code = fields.String(required=True)
    message = fields.String(required=True)
    line = fields.Integer(allow_none=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    stored_bytes = fields.Integer(
        required=True, metadata={"description": "Fewer than `size`: its beginning alone is kept."}
    )
    times = fields.Integer(required=True, metadata={"description": "How often the same data was refused."})
    job_id = fields.UUID(required=True)
    rejected_at = fields.AwareDateTime(required=True)


class DeleteIn(Schema):
    ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 500))


class DeletedOut(Schema):
    deleted = fields.Integer(required=True)
