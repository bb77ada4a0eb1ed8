"""What goes over the wire for /appsec/schedules."""

from typing import Any

from croniter import croniter
from marshmallow import ValidationError, fields, validate

from threatweaver.sdk import Schema
from threatweaver_appsec.fields import text

_IDENTITIES = validate.Length(0, 5)


class CronField(fields.String):
    """Five fields of cron, in UTC: minute, hour, day, month, weekday; `hourly` at the most."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = str(super()._deserialize(value, attr, data, **options))
        words = given.split()
        if len(given) > 100 or len(words) != 5 or not words[0].isdigit() or not croniter.is_valid(given):
            raise ValidationError("Must be five fields of cron with one minute, like 0 4 * * *.")
        return " ".join(words)


class ScheduleOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    target_id = fields.UUID(required=True)
    profile = fields.String(required=True)
    auth_profile_ids = fields.List(fields.UUID(), required=True)
    cron = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    next_at = fields.AwareDateTime(required=True, allow_none=True)
    last_at = fields.AwareDateTime(required=True, allow_none=True)
    last_assessment_id = fields.UUID(required=True, allow_none=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class ScheduleCreate(Schema):
    name = text(1, 100, required=True)
    target_id = fields.UUID(required=True)
    cron = CronField(required=True, metadata={"example": "0 4 * * *"})
    profile = text(1, 100, load_default="quick")
    auth_profile_ids = fields.List(fields.UUID(), validate=_IDENTITIES, metadata={"example": []})
    enabled = fields.Boolean(load_default=True)


class ScheduleUpdate(Schema):
    name = text(1, 100)
    cron = CronField(metadata={"example": "0 4 * * *"})
    profile = text(1, 100)
    auth_profile_ids = fields.List(fields.UUID(), validate=_IDENTITIES, metadata={"example": []})
    enabled = fields.Boolean()
