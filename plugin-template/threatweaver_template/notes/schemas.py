"""What goes over the wire for /template/notes."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema


class NoteOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class NoteCreate(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 200))


class NoteUpdate(Schema):
    title = fields.String(validate=validate.Length(1, 200))
