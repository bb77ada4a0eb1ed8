"""What goes over the wire for /appsec/assessments."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_appsec.assessments.models import STATES
from threatweaver_appsec.fields import prose, text

_IDENTITIES = validate.Length(0, 5)


class AssessmentOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    target_id = fields.UUID(required=True)
    target_name = fields.String(required=True)
    target_url = fields.String(required=True)
    profile = fields.String(required=True)
    auth_profile_ids = fields.List(fields.UUID(), required=True)
    branch = fields.String(required=True)
    commit = fields.String(required=True)
    source = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    percent = fields.Float(required=True)
    reason = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    requests = fields.Integer(required=True)
    operations = fields.Integer(required=True)
    found = fields.Integer(required=True)
    created = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    created_by = fields.UUID(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    queued_at = fields.AwareDateTime(required=True, allow_none=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)


class AssessmentCreate(Schema):
    name = text(1, 200, required=True)
    target_id = fields.UUID(required=True)
    description = prose(0, 2000)
    profile = text(1, 100, load_default="quick")
    auth_profile_ids = fields.List(fields.UUID(), validate=_IDENTITIES, metadata={"example": []})
    branch = text(0, 200)
    commit = text(0, 64)


class AssessmentUpdate(Schema):
    name = text(1, 200)
    description = prose(0, 2000)
    profile = text(1, 100)
    auth_profile_ids = fields.List(fields.UUID(), validate=_IDENTITIES, metadata={"example": []})
    branch = text(0, 200)
    commit = text(0, 64)


class AssessmentProgressOut(Schema):
    id = fields.UUID(required=True)
    state = fields.String(required=True)
    percent = fields.Float(required=True)
    reason = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    requests = fields.Integer(required=True)
    operations = fields.Integer(required=True)
    found = fields.Integer(required=True)
    touched_at = fields.AwareDateTime(required=True, allow_none=True)


class AssessmentEventOut(Schema):
    number = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    data = fields.Raw(required=True)


class CoverageOut(Schema):
    id = fields.UUID(required=True)
    agent = fields.String(required=True)
    place = fields.String(required=True)
    tested = fields.Boolean(required=True)
    reason = fields.String(required=True)


class CoverageSummaryOut(Schema):
    tested = fields.Integer(required=True)
    not_tested = fields.Integer(required=True)
    agents = fields.Integer(required=True)
    places = fields.Integer(required=True)
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class OperationOut(Schema):
    id = fields.UUID(required=True)
    method = fields.String(required=True)
    url = fields.String(required=True)
    source = fields.String(required=True)
    page = fields.String(required=True)
    status = fields.Integer(required=True)
    writes = fields.Boolean(required=True)


class RequestLineOut(Schema):
    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    method = fields.String(required=True)
    url = fields.String(required=True)
    status = fields.Integer(required=True)
    seconds = fields.Float(required=True)
    bytes = fields.Integer(required=True)
    identity = fields.String(required=True)
    agent = fields.String(required=True)
    fault = fields.String(required=True)
    why = fields.String(required=True)


class ChainOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    severity = fields.String(required=True)
    story = fields.String(required=True)
    finding_ids = fields.List(fields.UUID(), required=True)


class CompareQuery(Schema):
    with_ = fields.UUID(data_key="with", metadata={"refers": "/appsec/assessments"})


class ComparedFindingOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    severity = fields.String(required=True)
    place = fields.String(required=True)
    parameter = fields.String(required=True)


class ComparisonOut(Schema):
    only_here = fields.List(fields.Nested(ComparedFindingOut), required=True)
    only_there = fields.List(fields.Nested(ComparedFindingOut), required=True)
    in_both = fields.Integer(required=True)
