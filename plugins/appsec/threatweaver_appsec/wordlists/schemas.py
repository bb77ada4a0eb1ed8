"""What goes over the wire for /appsec/wordlists."""

from marshmallow import fields

from threatweaver.sdk import Schema
from threatweaver_appsec.fields import lines, prose, text


class WordlistOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    size = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class WordlistCreate(Schema):
    name = text(1, 100, required=True)
    words = lines(10_000, 200, required=True)
    description = prose(0, 2000)


class WordlistUpdate(Schema):
    name = text(1, 100)
    words = lines(10_000, 200)
    description = prose(0, 2000)
