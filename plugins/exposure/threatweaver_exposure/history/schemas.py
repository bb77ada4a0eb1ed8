"""What goes over the wire about history."""

from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from threatweaver.sdk import Schema


class PastDay(fields.Date):
    """A day in UTC that has begun; its end counts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **options)
        if day > datetime.now(UTC).date():
            raise ValidationError("Must not lie in the future.")
        return day


class AsOf(Schema):
    """A past day, beside filters of which membership in a tag or group is not known for it."""

    as_of = PastDay()

    @validates_schema
    def _knows_then(self, data: dict[str, Any], **_: Any) -> None:
        if "as_of" in data and ("tag" in data or "asset_group" in data):
            raise ValidationError("Who was in a tag or group then is not known: leave one out.", "asOf")


class EventOut(Schema):
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    vulnerability_id = fields.UUID(required=True)
    state = fields.String(required=True)
    severity = fields.String(required=True)
    risk_score = fields.Integer(required=True)
    import_id = fields.UUID(allow_none=True)
    filename = fields.String(allow_none=True)
    actor_id = fields.UUID(allow_none=True)
