"""What goes over the wire for /anomaly."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import SEVERITIES, Schema
from threatweaver_exposure.anomaly.metrics import ABOVE, DIRECTIONS, METRICS, Kind
from threatweaver_exposure.anomaly.queries import STATUSES
from threatweaver_exposure.trends.schemas import DaysQuery

_KINDS = tuple(Kind)
_SILENT = "scanner_silence"


class SeriesQuery(DaysQuery):
    """A metric over days; of the silence of scanners, that of one format."""

    days = fields.Integer(load_default=90, validate=validate.Range(1, 365))
    metric = fields.String(load_default="new", validate=validate.OneOf(tuple(METRICS)))
    subject = fields.String(validate=validate.Length(1, 32))

    @validates_schema
    def _belongs(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("metric") == _SILENT) != ("subject" in data):
            raise ValidationError(f"The format of the reports: goes with the metric {_SILENT}.", "subject")


class AcknowledgeIn(Schema):
    note = fields.String(validate=validate.Length(1, 1000))


class DetectedAnomalyOut(Schema):
    id = fields.UUID(required=True)
    metric = fields.String(required=True, validate=validate.OneOf(tuple(METRICS)))
    title = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True)
    day = fields.Date(required=True)
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    value = fields.Integer(required=True)
    expected = fields.Float(required=True)
    mad = fields.Float(required=True)
    lower = fields.Float(required=True)
    upper = fields.Float(required=True)
    score = fields.Float(required=True)
    seasonal = fields.Boolean(required=True)
    history_days = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    detected_at = fields.AwareDateTime(required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.UUID(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class AnomalyFilterOut(Schema):
    path = fields.String(required=True)
    query = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    rows = fields.Integer(required=True)


class AnomalyContributorOut(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    count = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)
    usual = fields.Float(required=True, allow_none=True)
    filter = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)


class AnomalyContributorsOut(Schema):
    imports = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    formats = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    scanners = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    severities = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    asset_groups = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    tags = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    definitions = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    cves = fields.List(fields.Nested(AnomalyContributorOut), required=True)
    assets = fields.List(fields.Nested(AnomalyContributorOut), required=True)


class AnomalyDetailOut(DetectedAnomalyOut):
    summary = fields.String(required=True)
    counted = fields.String(required=True, validate=validate.OneOf(("vulnerabilities", "assets")))
    total = fields.Integer(required=True)
    contributors = fields.Nested(AnomalyContributorsOut, required=True)
    filter = fields.Nested(AnomalyFilterOut, required=True, allow_none=True)


class WatchedTodayOut(Schema):
    value = fields.Integer(required=True)
    expected = fields.Float(required=True)
    lower = fields.Float(required=True)
    upper = fields.Float(required=True)
    direction = fields.String(required=True, allow_none=True, validate=validate.OneOf((ABOVE,)))


class WatchedMetricOut(Schema):
    metric = fields.String(required=True, validate=validate.OneOf(tuple(METRICS)))
    subject = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    unit = fields.String(required=True)
    bad = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    history_days = fields.Integer(required=True)
    median = fields.Float(required=True, allow_none=True)
    mad = fields.Float(required=True, allow_none=True)
    season = fields.List(fields.Float(), required=True, allow_none=True, validate=validate.Length(equal=7))
    today = fields.Nested(WatchedTodayOut, required=True, allow_none=True)


class SeriesPointOut(Schema):
    day = fields.Date(required=True)
    value = fields.Integer(required=True, allow_none=True)
    expected = fields.Float(required=True, allow_none=True)
    lower = fields.Float(required=True, allow_none=True)
    upper = fields.Float(required=True, allow_none=True)
    direction = fields.String(required=True, allow_none=True, validate=validate.OneOf(DIRECTIONS))


class MetricSeriesOut(Schema):
    metric = fields.String(required=True, validate=validate.OneOf(tuple(METRICS)))
    subject = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    unit = fields.String(required=True)
    start = fields.Date(required=True)
    end = fields.Date(required=True)
    points = fields.List(fields.Nested(SeriesPointOut), required=True)
