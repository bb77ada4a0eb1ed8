"""What goes over the wire for /dashboard."""

from marshmallow import fields, validate

from threatweaver.sdk import CommaSeparated, Schema, SeverityField, WidgetKind
from threatweaver_exposure.dashboard.looks import LookOut
from threatweaver_exposure.history.schemas import AsOf


class FiltersQuery(Schema):
    """The filters of figures that know now."""

    start_date = fields.Date()
    end_date = fields.Date()
    asset_group = fields.UUID()
    severity = CommaSeparated(SeverityField())
    tag = fields.String(validate=validate.Length(1, 100))


class DashboardQuery(AsOf, FiltersQuery):
    """The filters of figures that know the past, and whether what several tools found counts once."""

    once_per_flaw = fields.Boolean()


class WidgetsQuery(FiltersQuery):
    widgets = CommaSeparated(fields.String(validate=validate.Length(1, 100)))


class NumberOut(Schema):
    value = fields.Float(required=True)
    unit = fields.String(required=True)


class PointOut(Schema):
    at = fields.String(required=True)
    value = fields.Float(required=True)


class LineOut(Schema):
    label = fields.String(required=True)
    points = fields.List(fields.Nested(PointOut), required=True)


class BarOut(Schema):
    label = fields.String(required=True)
    value = fields.Float(required=True)


class TableOut(Schema):
    columns = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.Raw(allow_none=True)), required=True)


class WidgetErrorOut(Schema):
    code = fields.String(required=True)
    message = fields.String(required=True)


class WidgetOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([item.value for item in WidgetKind]))
    filters = fields.List(fields.String(), required=True)
    number = fields.Nested(NumberOut)
    series = fields.List(fields.Nested(LineOut))
    bars = fields.List(fields.Nested(BarOut))
    table = fields.Nested(TableOut)
    error = fields.Nested(WidgetErrorOut)


class KpisOut(Schema):
    total_assets = fields.Integer(required=True)
    total_vulnerabilities = fields.Integer(required=True)
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)
    risk_score = fields.Float(required=True)
    look = fields.Nested(LookOut)


class SeverityOut(Schema):
    severity = fields.String(required=True)
    count = fields.Integer(required=True)
    percent = fields.Float(required=True)
    look = fields.Nested(LookOut)
