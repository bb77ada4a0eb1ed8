"""What goes over the wire for /appsec/targets."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_appsec.fields import PathPrefix, WebUrl, lines, prose, text

METHODS = ("dns", "file", "meta")


class TargetOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    base_url = fields.String(required=True)
    origins = fields.List(fields.String(), required=True)
    prefixes = fields.List(fields.String(), required=True)
    exclusions = fields.List(fields.String(), required=True)
    verified_at = fields.AwareDateTime(required=True, allow_none=True)
    verified_by = fields.String(required=True, allow_none=True)
    checked_at = fields.AwareDateTime(required=True, allow_none=True)
    check_error = fields.String(required=True, allow_none=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class TargetCreate(Schema):
    name = text(1, 100, required=True)
    description = prose(0, 2000)
    base_url = WebUrl(required=True, validate=validate.URL(schemes={"http", "https"}, require_tld=False))


class TargetUpdate(Schema):
    name = text(1, 100)
    description = prose(0, 2000)


class VerificationOut(Schema):
    verified = fields.Boolean(required=True)
    verified_at = fields.AwareDateTime(required=True, allow_none=True)
    verified_by = fields.String(required=True, allow_none=True)
    checked_at = fields.AwareDateTime(required=True, allow_none=True)
    check_error = fields.String(required=True, allow_none=True)
    token = fields.String(required=True)
    dns_name = fields.String(required=True, allow_none=True)
    dns_value = fields.String(required=True)
    file_url = fields.String(required=True)
    file_content = fields.String(required=True)
    meta_tag = fields.String(required=True)
    allow_listed = fields.Boolean(required=True)


class VerifyIn(Schema):
    method = fields.String(required=True, validate=validate.OneOf(METHODS))


class ScopeOut(Schema):
    origins = fields.List(fields.String(), required=True)
    prefixes = fields.List(fields.String(), required=True)
    exclusions = fields.List(fields.String(), required=True)


class ScopeIn(Schema):
    origins = fields.List(WebUrl(), validate=validate.Length(0, 20), metadata={"example": []})
    prefixes = fields.List(PathPrefix(), validate=validate.Length(0, 50), metadata={"example": ["/"]})
    exclusions = lines(100, 500)


class ScopeQuestionIn(Schema):
    url = WebUrl(required=True, metadata={"example": "https://example.com/shop?item=1"})
    method = fields.String(load_default="GET", validate=validate.Regexp(r"\A[A-Z]{1,20}\Z"))


class ScopeAnswerOut(Schema):
    allowed = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
