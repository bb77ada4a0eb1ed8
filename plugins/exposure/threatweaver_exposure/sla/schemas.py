"""What goes over the wire about the time to fix."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.dashboard.schemas import FiltersQuery
from threatweaver_exposure.history.schemas import AsOf
from threatweaver_exposure.vulnerabilities.schemas import SeverityCounts


def _days() -> fields.Integer:
    return fields.Integer(strict=True, required=True, allow_none=True, validate=validate.Range(1, 3650))


class SlaPolicyIn(Schema):
    critical = _days()
    high = _days()
    medium = _days()
    low = _days()
    info = _days()


class SlaPolicyOut(Schema):
    critical = fields.Integer(required=True, allow_none=True)
    high = fields.Integer(required=True, allow_none=True)
    medium = fields.Integer(required=True, allow_none=True)
    low = fields.Integer(required=True, allow_none=True)
    info = fields.Integer(required=True, allow_none=True)
    updated_by = fields.UUID(required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)


class SlaQuery(AsOf, FiltersQuery):
    """The filters of what is in time now, or was at the end of a past day."""


class SlaCountsOut(Schema):
    active = fields.Integer(required=True)
    within = fields.Integer(required=True)
    due_soon = fields.Integer(required=True)
    breached = fields.Integer(required=True)
    compliance_percent = fields.Float(required=True, allow_none=True)


class SlaTierOut(SlaCountsOut):
    severity = fields.String(required=True)
    allowed_days = fields.Integer(required=True, allow_none=True)
    within_since = fields.Date(required=True, allow_none=True)


class SlaOut(Schema):
    day = fields.Date(required=True)
    tiers = fields.List(fields.Nested(SlaTierOut), required=True)
    total = fields.Nested(SlaCountsOut, required=True)


class SlaWeekOut(Schema):
    week = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    by_severity = fields.Nested(SeverityCounts, required=True)
    total = fields.Integer(required=True)
