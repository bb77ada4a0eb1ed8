"""What goes over the wire for /appsec/ci."""

from marshmallow import fields, validate

from threatweaver.sdk import SEVERITIES, Schema
from threatweaver_appsec.fields import WebUrl, prose, text

_SEVERITY = validate.OneOf(tuple(reversed(SEVERITIES)))
VERDICTS = ("pass", "fail", "inconclusive")


class CiScanIn(Schema):
    target_url = WebUrl(required=True, metadata={"example": "https://staging.example.com"})
    profile = text(1, 100, load_default="quick")
    branch = text(0, 200, load_default="")
    commit = text(0, 64, load_default="")
    policy_id = fields.UUID(metadata={"refers": "/appsec/ci/policies"})
    auth_profile_ids = fields.List(fields.UUID(), validate=validate.Length(0, 5), metadata={"example": []})


class CiScanOut(Schema):
    scan_id = fields.UUID(required=True)
    status = fields.String(required=True)
    state = fields.String(required=True)
    percent = fields.Float(required=True)
    reason = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    target_url = fields.String(required=True)
    branch = fields.String(required=True)
    commit = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)


class ResultsQuery(Schema):
    inconclusive = fields.Boolean(load_default=False)


class CiFindingOut(Schema):
    id = fields.UUID(required=True)
    fingerprint = fields.String(required=True)
    title = fields.String(required=True)
    severity = fields.String(required=True, validate=_SEVERITY)
    status = fields.String(required=True)
    suppressed = fields.Boolean(required=True)
    new = fields.Boolean(required=True)
    agent = fields.String(required=True)
    cwe = fields.Integer(required=True, allow_none=True)
    owasp = fields.String(required=True)
    place = fields.String(required=True)
    parameter = fields.String(required=True)
    url = fields.String(required=True)


class CiResultsOut(CiScanOut):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    reasons = fields.List(fields.String(), required=True)
    summary = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    findings = fields.List(fields.Nested(CiFindingOut), required=True)


class VerdictOut(Schema):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    reasons = fields.List(fields.String(), required=True)
    payload = fields.String(required=True)
    signature = fields.String(required=True)
    key_id = fields.String(required=True)


class VerdictKeyOut(Schema):
    key_id = fields.String(required=True)
    algorithm = fields.String(required=True)
    public_key = fields.String(required=True)


class GatePolicyOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    fail_on = fields.String(required=True, validate=_SEVERITY)
    only_new = fields.Boolean(required=True)
    most = fields.Integer(required=True)
    least_coverage = fields.Integer(required=True)
    is_default = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class GatePolicyUpdate(Schema):
    name = text(1, 100)
    description = prose(0, 2000)
    fail_on = fields.String(validate=_SEVERITY)
    only_new = fields.Boolean()
    most = fields.Integer(strict=True, validate=validate.Range(0, 100_000))
    least_coverage = fields.Integer(strict=True, validate=validate.Range(0, 100))
    is_default = fields.Boolean()


class GatePolicyCreate(GatePolicyUpdate):
    name = text(1, 100, required=True)


class EvaluateIn(Schema):
    scan_id = fields.UUID(required=True, metadata={"refers": "/appsec/assessments"})


class EvaluationOut(Schema):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    reasons = fields.List(fields.String(), required=True)
    summary = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class BaselineIn(Schema):
    assessment_id = fields.UUID(required=True)


class BaselineOut(Schema):
    target_id = fields.UUID(required=True)
    assessment_id = fields.UUID(required=True)
    set_by = fields.UUID(required=True)
    set_at = fields.AwareDateTime(required=True)
