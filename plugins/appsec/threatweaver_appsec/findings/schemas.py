"""What goes over the wire for /appsec/findings."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import SEVERITIES, Schema
from threatweaver_appsec.engine.agent import Telltale
from threatweaver_appsec.fields import WebUrl, prose, text
from threatweaver_appsec.findings.models import ACTIVE, STATUSES

ACTIONS = ("accept-risk", "reopen", "false-positive", "assign", "status")
_SEVERITY = validate.OneOf(tuple(reversed(SEVERITIES)))


class AppsecFindingOut(Schema):
    id = fields.UUID(required=True)
    target_id = fields.UUID(required=True)
    target_name = fields.String(required=True)
    fingerprint = fields.String(required=True)
    agent = fields.String(required=True)
    title = fields.String(required=True)
    severity = fields.String(required=True, validate=_SEVERITY)
    confidence = fields.Float(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    suppressed = fields.Boolean(required=True)
    manual = fields.Boolean(required=True)
    cwe = fields.Integer(required=True, allow_none=True)
    owasp = fields.String(required=True)
    method = fields.String(required=True)
    url = fields.String(required=True)
    place = fields.String(required=True)
    parameter = fields.String(required=True)
    assignee_id = fields.UUID(required=True, allow_none=True)
    accepted_until = fields.AwareDateTime(required=True, allow_none=True)
    duplicate_of = fields.UUID(required=True, allow_none=True)
    last_assessment_id = fields.UUID(required=True, allow_none=True)
    times_seen = fields.Integer(required=True)
    first_seen = fields.AwareDateTime(required=True)
    last_seen = fields.AwareDateTime(required=True)
    fixed_at = fields.AwareDateTime(required=True, allow_none=True)


class AppsecFindingDetailOut(AppsecFindingOut):
    severity_found = fields.String(required=True)
    says = fields.String(required=True)
    description = fields.String(required=True)
    remedy = fields.String(required=True)
    reason = fields.String(required=True)
    accepted_by = fields.UUID(required=True, allow_none=True)
    first_assessment_id = fields.UUID(required=True, allow_none=True)


class AppsecFindingCreate(Schema):
    target_id = fields.UUID(required=True)
    title = text(1, 300, required=True)
    severity = fields.String(required=True, validate=_SEVERITY)
    url = WebUrl()
    method = fields.String(validate=validate.Regexp(r"\A[A-Z]{1,20}\Z"))
    parameter = text(0, 300)
    cwe = fields.Integer(strict=True, validate=validate.Range(1, 100_000))
    owasp = fields.String(validate=validate.Regexp(r"\A(A|API)(0?[1-9]|10):20[0-9]{2}\Z"))
    description = prose(0, 20_000)
    remedy = prose(0, 20_000)


class AppsecFindingUpdate(Schema):
    status = fields.String(validate=validate.OneOf((*ACTIVE, "fixed")))
    severity = fields.String(validate=_SEVERITY)
    title = text(1, 300)


class AppsecAcceptIn(Schema):
    until = fields.AwareDateTime(required=True, metadata={"example": "2999-01-01T00:00:00Z"})
    reason = prose(10, 2000, required=True)


class AppsecReasonIn(Schema):
    reason = prose(10, 2000, required=True)


class AppsecAssignIn(Schema):
    assignee_id = fields.UUID(required=True, allow_none=True, metadata={"example": None})


class DuplicateIn(Schema):
    of = fields.UUID(required=True, metadata={"refers": "/appsec/findings"})


class CommentIn(Schema):
    text = prose(1, 10_000, required=True)


class CommentOut(Schema):
    id = fields.UUID(required=True)
    author_id = fields.UUID(required=True)
    text = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class FindingEventOut(Schema):
    id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    actor_id = fields.UUID(required=True, allow_none=True)
    assessment_id = fields.UUID(required=True, allow_none=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)


class EvidenceOut(Schema):
    at = fields.AwareDateTime(required=True, allow_none=True)
    assessment_id = fields.UUID(required=True, allow_none=True)
    says = fields.String(required=True)
    excerpt = fields.String(required=True)
    shown = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True, allow_none=True)
    identity = fields.String(required=True)
    har = fields.Raw(required=True, allow_none=True)


class ReplayOut(Schema):
    curl = fields.String(required=True)
    telltale = fields.String(required=True, validate=validate.OneOf(tuple(Telltale)))
    har = fields.Raw(required=True, allow_none=True)


class RetestOut(Schema):
    state = fields.String(required=True, validate=validate.OneOf(("open", "closed", "inconclusive")))
    says = fields.String(required=True)
    seconds = fields.Float(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))


class AppsecStatsOut(Schema):
    total = fields.Integer(required=True)
    by_severity = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_status = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class AppsecBulkIn(Schema):
    finding_ids = fields.List(fields.UUID(), validate=validate.Length(1, 1000))
    filter = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Length(0, 4000)))
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    status = fields.String(validate=validate.OneOf((*ACTIVE, "fixed")))
    until = fields.AwareDateTime()
    reason = prose(10, 2000)
    assignee_id = fields.UUID(allow_none=True)
    expected_count = fields.Integer(strict=True, validate=validate.Range(0, 2**31 - 1))
    dry_run = fields.Boolean(load_default=False)

    @validates_schema
    def _complete(self, data: dict[str, Any], **_: Any) -> None:
        if ("finding_ids" in data) == ("filter" in data):
            raise ValidationError("Give findingIds or filter.", "filter")
        needed = {
            "accept-risk": ("until", "reason"),
            "false-positive": ("reason",),
            "assign": ("assignee_id",),
            "status": ("status",),
        }
        for name in needed.get(data.get("action", ""), ()):
            if name not in data:
                key = self.fields[name].data_key or name
                raise ValidationError("Missing data for required field.", key)
        if "until" in data and data["until"] <= datetime.now(UTC):
            raise ValidationError("Must be in the future.", "until")


class AppsecBulkOut(Schema):
    dry_run = fields.Boolean(required=True)
    action = fields.String(required=True)
    matched = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
