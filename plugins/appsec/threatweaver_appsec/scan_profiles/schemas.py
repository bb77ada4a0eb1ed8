"""What goes over the wire for /appsec/scan-profiles."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_appsec.engine.catalog import PROFILES
from threatweaver_appsec.fields import WebUrl, lines, prose, text

_BASES = validate.OneOf(tuple(PROFILES))


class ScanProfileOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    built_in = fields.Boolean(required=True)
    based_on = fields.String(required=True, validate=_BASES)
    safe = fields.Boolean(required=True)
    agents = fields.List(fields.String(), required=True)
    also = fields.List(fields.String(), required=True)
    without = fields.List(fields.String(), required=True)
    crawl = fields.Boolean(required=True)
    documents = fields.List(fields.String(), required=True)
    wordlist_id = fields.UUID(required=True, allow_none=True)
    payload_set_ids = fields.List(fields.UUID(), required=True)
    max_requests = fields.Integer(required=True)
    max_seconds = fields.Integer(required=True)
    max_per_second = fields.Integer(required=True)
    max_together = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class ScanProfileUpdate(Schema):
    name = text(1, 100)
    description = prose(0, 2000)
    based_on = fields.String(validate=_BASES)
    safe = fields.Boolean()
    agents = lines(500, 64)
    also = lines(500, 64)
    without = lines(500, 64)
    crawl = fields.Boolean()
    documents = fields.List(WebUrl(), validate=validate.Length(0, 10))
    wordlist_id = fields.UUID(allow_none=True)
    payload_set_ids = fields.List(fields.UUID(), validate=validate.Length(0, 10), metadata={"example": []})
    max_requests = fields.Integer(strict=True, validate=validate.Range(1, 1_000_000))
    max_seconds = fields.Integer(strict=True, validate=validate.Range(10, 82_800))
    max_per_second = fields.Integer(strict=True, validate=validate.Range(1, 500))
    max_together = fields.Integer(strict=True, validate=validate.Range(1, 32))


class ScanProfileCreate(ScanProfileUpdate):
    name = text(1, 100, required=True)


class CloneIn(Schema):
    name = text(1, 100, required=True)
