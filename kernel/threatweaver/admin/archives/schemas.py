"""What goes over the wire for /admin/archives."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class ArchiveIn(Schema):
    data_class = fields.String(
        required=True, validate=validate.Length(1, 100), metadata={"example": "kernel.notifications"}
    )
    before = fields.AwareDateTime(required=True, metadata={"example": "2020-01-01T00:00:00Z"})


class ArchiveQuery(Schema):
    id = fields.UUID(required=True)


class ArchiveOut(Schema):
    id = fields.UUID(required=True)
    data_class = fields.String(required=True)
    before = fields.AwareDateTime(required=True)
    rows = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    created_by = fields.UUID(required=True)
    restored_at = fields.AwareDateTime(allow_none=True)
