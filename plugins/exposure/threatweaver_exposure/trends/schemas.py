"""What goes over the wire for the courses of /dashboard."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from threatweaver.sdk import CommaSeparated, Schema, SeverityField
from threatweaver_exposure.dashboard.looks import LookOut
from threatweaver_exposure.history.schemas import PastDay
from threatweaver_exposure.trends.periods import INTERVALS, last_day

_EARLIEST = date(1970, 1, 1)
_MOST_DAYS = 365


class _AsOf(Schema):
    as_of = PastDay()

    @validates_schema
    def _there_was_a_day(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("as_of", _EARLIEST) < _EARLIEST:
            raise ValidationError(f"Must not lie before {_EARLIEST}.", "asOf")


class DaysQuery(_AsOf):
    """The last `days` until today or `asOf`; or those from `startDate` until `endDate`."""

    days = fields.Integer(load_default=30, validate=validate.Range(1, _MOST_DAYS))
    start_date = PastDay()
    end_date = PastDay()

    @validates_schema
    def _is_a_period(self, data: dict[str, Any], **_: Any) -> None:
        if "as_of" in data and "end_date" in data:
            raise ValidationError("Give it or asOf, not both.", "endDate")
        if data.get("end_date", _EARLIEST) < _EARLIEST:
            raise ValidationError(f"Must not lie before {_EARLIEST}.", "endDate")
        if "start_date" in data and not 1 <= _days_of(data) <= _MOST_DAYS:
            raise ValidationError(f"Must lie 0 to {_MOST_DAYS - 1} days before the end.", "startDate")

    @post_load
    def _as_days(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Say a period by its end and its length, whichever way it was given."""
        days = _days_of(data) if "start_date" in data else data["days"]
        ends = {"as_of": data["end_date"]} if "end_date" in data else {}
        rest = {name: value for name, value in data.items() if name not in {"start_date", "end_date"}}
        return {**rest, **ends, "days": days}


def _days_of(data: Mapping[str, Any]) -> int:
    start: date = data["start_date"]
    end: date = data.get("end_date") or last_day(data)
    return (end - start).days + 1


class ChosenDaysQuery(DaysQuery):
    severity = CommaSeparated(SeverityField())


class TrendsQuery(ChosenDaysQuery):
    interval = fields.String(load_default="day", validate=validate.OneOf(INTERVALS))


class CohortsQuery(_AsOf):
    months = fields.Integer(load_default=12, validate=validate.Range(1, 24))
    severity = CommaSeparated(SeverityField())


class _Days(Schema):
    start = fields.Date(required=True)
    end = fields.Date(required=True)


class TrendOut(_Days):
    new = fields.Integer(required=True)
    remediated = fields.Integer(required=True)
    reopened = fields.Integer(required=True)
    persisting = fields.Integer(required=True)
    active = fields.Integer(required=True)


class RiskPartOut(Schema):
    worst_severity = fields.String(required=True, allow_none=True)
    assets = fields.Integer(required=True)
    points = fields.Float(required=True)


class RiskPointOut(Schema):
    day = fields.Date(required=True)
    score = fields.Float(required=True)
    assets = fields.Integer(required=True)


class RiskOut(Schema):
    score = fields.Float(required=True)
    assets = fields.Integer(required=True)
    change = fields.Float(required=True, allow_none=True)
    parts = fields.List(fields.Nested(RiskPartOut), required=True)
    course = fields.List(fields.Nested(RiskPointOut), required=True)


class BandCountsOut(Schema):
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    none = fields.Integer(required=True)


class BandSharesOut(Schema):
    critical = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)
    medium = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    none = fields.Float(required=True, allow_none=True)


class BandLookOut(Schema):
    band = fields.String(required=True)
    look = fields.Nested(LookOut, required=True)


class BandPointOut(_Days):
    active = fields.Integer(required=True)
    counts = fields.Nested(BandCountsOut, required=True)
    percent = fields.Nested(BandSharesOut, required=True)


class RiskTrendOut(Schema):
    version = fields.Integer(required=True)
    bands = fields.List(fields.Nested(BandLookOut), required=True)
    data = fields.List(fields.Nested(BandPointOut), required=True)


class SeveritiesOut(Schema):
    day = fields.Date(required=True)
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)
    total = fields.Integer(required=True)


class _Closing(Schema):
    closed = fields.Integer(required=True)
    mean_days = fields.Float(required=True, allow_none=True)
    median_days = fields.Float(required=True, allow_none=True)


class ClosingOut(_Closing):
    severity = fields.String(required=True)


class MttrOut(_Days, _Closing):
    by_severity = fields.List(fields.Nested(ClosingOut), required=True)


class WeekOut(_Days):
    created = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    net = fields.Integer(required=True)


class VelocityOut(_Days):
    created = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    created_per_week = fields.Float(required=True)
    closed_per_week = fields.Float(required=True)
    net_per_week = fields.Float(required=True)
    active = fields.Integer(required=True)
    weeks_of_work = fields.Float(required=True, allow_none=True)
    weeks = fields.List(fields.Nested(WeekOut), required=True)


class _Returning(Schema):
    closed = fields.Integer(required=True)
    reopened = fields.Integer(required=True)
    percent = fields.Float(required=True, allow_none=True)
    mean_days = fields.Float(required=True, allow_none=True)


class ReturningOut(_Returning):
    severity = fields.String(required=True)


class ReopenedOut(_Days, _Returning):
    by_severity = fields.List(fields.Nested(ReturningOut), required=True)


class SurvivalOut(Schema):
    days = fields.Integer(required=True)
    active = fields.Integer(required=True, allow_none=True)
    percent = fields.Float(required=True, allow_none=True)


class CohortOut(Schema):
    month = fields.String(required=True)
    created = fields.Integer(required=True)
    after = fields.List(fields.Nested(SurvivalOut), required=True)


class ExplanationOut(Schema):
    severity = fields.String(required=True)
    value = fields.Integer(required=True)
    median = fields.Float(required=True)
    difference = fields.Float(required=True)


class AnomalyOut(Schema):
    day = fields.Date(required=True)
    figure = fields.String(required=True, validate=validate.OneOf(("new", "closed")))
    direction = fields.String(required=True, validate=validate.OneOf(("above", "below")))
    value = fields.Integer(required=True)
    median = fields.Float(required=True)
    mad = fields.Float(required=True)
    lower = fields.Float(required=True)
    upper = fields.Float(required=True)
    explained_by = fields.List(fields.Nested(ExplanationOut), required=True)


class AnomaliesOut(_Days):
    judged_from = fields.Date(required=True, allow_none=True)
    anomalies = fields.List(fields.Nested(AnomalyOut), required=True)
