"""What goes over the wire for /appsec/suppressions."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import SEVERITIES, Schema
from threatweaver_appsec.fields import prose, text

_SEVERITY = validate.OneOf(tuple(reversed(SEVERITIES)))


class SuppressionOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    reason = fields.String(required=True)
    target_id = fields.UUID(required=True, allow_none=True)
    agent = fields.String(required=True)
    cwe = fields.Integer(required=True, allow_none=True)
    place = fields.String(required=True)
    parameter = fields.String(required=True)
    worst = fields.String(required=True, validate=_SEVERITY)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    findings = fields.Integer(required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class RuleIn(Schema):
    target_id = fields.UUID(allow_none=True)
    agent = text(0, 64, metadata={"example": "no-such-agent"})
    cwe = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 100_000))
    place = text(0, 500)
    parameter = text(0, 300)
    worst = fields.String(validate=_SEVERITY)


class SuppressionCreate(RuleIn):
    name = text(1, 100, required=True)
    reason = prose(10, 2000, required=True)
    agent = text(0, 64, required=True, metadata={"example": "no-such-agent"})
    expires_at = fields.AwareDateTime(allow_none=True)

    @validates_schema
    def _narrow(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.get(name) for name in ("target_id", "agent", "cwe", "place", "parameter")):
            raise ValidationError(
                "Say what is suppressed: agent, cwe, place, parameter or targetId.", "agent"
            )


class SuppressionUpdate(Schema):
    name = text(1, 100)
    reason = prose(10, 2000)
    expires_at = fields.AwareDateTime(allow_none=True)


class PreviewOut(Schema):
    matched = fields.Integer(required=True)
