"""What goes over the wire for /dashboard/group-comparison."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_exposure.backlog.schemas import ActiveCountsOut
from threatweaver_exposure.comparison.queries import KINDS
from threatweaver_exposure.dashboard.looks import LookOut
from threatweaver_exposure.dashboard.schemas import FiltersQuery


class ComparisonQuery(FiltersQuery):
    """The filters; what is compared is none of them."""

    by = fields.String(load_default="group", validate=validate.OneOf([*KINDS]))
    days = fields.Integer(load_default=30, validate=validate.Range(1, 365))
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 50))

    @validates_schema
    def _chosen_by_the_other(self, data: dict[str, Any], **_: Any) -> None:
        kind = KINDS[data["by"]]
        if kind.filter in data:
            raise ValidationError("This is what is compared: choose by the other.", kind.parameter)


class ComparedOut(ActiveCountsOut):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    assets = fields.Integer(required=True)
    risk_score = fields.Float(required=True)
    breached = fields.Integer(required=True)
    compliance_percent = fields.Float(required=True, allow_none=True)
    closed = fields.Integer(required=True)
    mean_days = fields.Float(required=True, allow_none=True)
    look = fields.Nested(LookOut, required=True)


class ComparisonOut(Schema):
    by = fields.String(required=True, validate=validate.OneOf([*KINDS]))
    start = fields.Date(required=True)
    end = fields.Date(required=True)
    data = fields.List(fields.Nested(ComparedOut), required=True)
