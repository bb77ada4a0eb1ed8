"""What goes over the wire about what fixing would bring."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.dashboard.looks import LookOut
from threatweaver_exposure.dashboard.schemas import FiltersQuery
from threatweaver_exposure.fixing.queries import SHARERS


class PatchQuery(FiltersQuery):
    """The filters, and how many rows."""

    limit = fields.Integer(load_default=10, validate=validate.Range(1, 100))


class TopRisksQuery(PatchQuery):
    by = fields.String(load_default="definition", validate=validate.OneOf([*SHARERS]))


class TopRiskOut(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Integer(required=True)
    risk = fields.Integer(required=True)
    percent = fields.Float(required=True)
    look = fields.Nested(LookOut, required=True)


class TopRisksOut(Schema):
    by = fields.String(required=True, validate=validate.OneOf([*SHARERS]))
    active = fields.Integer(required=True)
    risk = fields.Integer(required=True)
    data = fields.List(fields.Nested(TopRiskOut), required=True)


class PatchOut(Schema):
    definition_id = fields.Integer(required=True)
    source = fields.String(required=True)
    check = fields.String(required=True)
    name = fields.String(required=True)
    solution = fields.String(required=True)
    kev = fields.Boolean(required=True)
    closes = fields.Integer(required=True)
    assets = fields.Integer(required=True)
    risk_score_after = fields.Float(required=True)
    lowers_by = fields.Float(required=True)
    look = fields.Nested(LookOut, required=True)


class PatchEffectOut(Schema):
    assets = fields.Integer(required=True)
    risk_score = fields.Float(required=True)
    data = fields.List(fields.Nested(PatchOut), required=True)
