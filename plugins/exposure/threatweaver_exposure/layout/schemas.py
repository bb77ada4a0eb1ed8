"""What goes over the wire for /dashboard/layout."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema, WidgetKind

_COLUMNS = 4
_MOST = 100


def _cells() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(1, _COLUMNS))


class PlacedWidgetIn(Schema):
    name = fields.String(
        required=True, validate=validate.Length(1, 100), metadata={"example": "exposure.risk_score"}
    )
    width = _cells()
    height = _cells()


class LayoutIn(Schema):
    widgets = fields.List(fields.Nested(PlacedWidgetIn), required=True, validate=validate.Length(0, _MOST))

    @validates_schema
    def _once_each(self, data: dict[str, Any], **_: Any) -> None:
        names = [item["name"] for item in data["widgets"]]
        again = {place: ["Stands here twice."] for place, name in enumerate(names) if name in names[:place]}
        if again:
            raise ValidationError({place: {"name": texts} for place, texts in again.items()}, "widgets")


class HiddenWidgetOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([item.value for item in WidgetKind]))


class PlacedWidgetOut(HiddenWidgetOut):
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class LayoutOut(Schema):
    standard = fields.Boolean(required=True)
    widgets = fields.List(fields.Nested(PlacedWidgetOut), required=True)
    hidden = fields.List(fields.Nested(HiddenWidgetOut), required=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)
