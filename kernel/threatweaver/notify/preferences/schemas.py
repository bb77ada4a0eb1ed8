"""What goes over the wire for /notification/preferences."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.http.schema import Schema
from threatweaver.notify.events.catalog import Mode

MODES = [item.value for item in Mode]
_CHANNELS = ["email"]
_CLOCK = validate.Regexp(r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z", error="Must be a time, like 22:00.")


class DigestOut(Schema):
    frequency = fields.String(load_default="daily", validate=validate.OneOf(["daily", "weekly"]))
    hour = fields.Integer(strict=True, load_default=8, validate=validate.Range(0, 23))
    weekday = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 7))


class QuietHoursOut(Schema):
    start = fields.String(required=True, validate=_CLOCK, metadata={"example": "22:00"})
    end = fields.String(required=True, validate=_CLOCK, metadata={"example": "07:00"})

    @validates_schema
    def _differ(self, data: dict[str, Any], **_: Any) -> None:
        if data["start"] == data["end"]:
            raise ValidationError("Must differ from start.", field_name="end")


class ChoiceIn(Schema):
    event = fields.String(
        required=True, validate=validate.Length(1, 100), metadata={"example": "kernel.import_failed"}
    )
    channel = fields.String(load_default="email", validate=validate.OneOf(_CHANNELS))
    mode = fields.String(required=True, validate=validate.OneOf(MODES))


class ChoiceOut(ChoiceIn):
    title = fields.String(required=True)
    default = fields.String(required=True, validate=validate.OneOf(MODES))


class PreferencesIn(Schema):
    time_zone = fields.String(
        load_default="UTC", validate=validate.Length(1, 64), metadata={"example": "UTC"}
    )
    digest = fields.Nested(DigestOut, load_default=lambda: {"frequency": "daily", "hour": 8, "weekday": 1})
    quiet_hours = fields.Nested(QuietHoursOut, load_default=None, allow_none=True)
    events = fields.List(fields.Nested(ChoiceIn), load_default=list, validate=validate.Length(0, 200))


class PreferencesOut(Schema):
    time_zone = fields.String(required=True)
    digest = fields.Nested(DigestOut, required=True)
    quiet_hours = fields.Nested(QuietHoursOut, required=True, allow_none=True)
    events = fields.List(fields.Nested(ChoiceOut), required=True)
