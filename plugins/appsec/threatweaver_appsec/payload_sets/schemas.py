"""What goes over the wire for /appsec/payload-sets."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_appsec.engine.payloads import KINDS, MOST_PAYLOADS
from threatweaver_appsec.fields import lines, prose, text

_KIND = validate.OneOf(tuple(KINDS))
_EXAMPLE = {"example": ["<img src=x onerror={{word}}()>"]}


class PayloadSetOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    kind = fields.String(required=True, validate=_KIND)
    size = fields.Integer(required=True)
    safe = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class PayloadSetUpdate(Schema):
    name = text(1, 100)
    payloads = lines(MOST_PAYLOADS, 1000, metadata=_EXAMPLE)
    safe = fields.Boolean()
    description = prose(0, 2000)


class PayloadSetCreate(PayloadSetUpdate):
    name = text(1, 100, required=True)
    kind = fields.String(required=True, validate=_KIND, metadata={"example": "script"})
    payloads = lines(MOST_PAYLOADS, 1000, required=True, metadata=_EXAMPLE)
