"""What goes over the wire for /risk."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_exposure.filters.schemas import ParametersField
from threatweaver_exposure.risk.formula import EXPOSURES, INPUTS, LEAST_POINTS, LONGEST_FACTOR, MOST_POINTS

_WEIGHT = validate.Range(0, 100)
_POINTS = validate.Range(LEAST_POINTS, MOST_POINTS)
_BAND = validate.Range(1, 100)


class WeightsSchema(Schema):
    cvss = fields.Integer(strict=True, required=True, validate=validate.Range(1, 100))
    vpr = fields.Integer(strict=True, required=True, validate=_WEIGHT)
    epss = fields.Integer(strict=True, required=True, validate=_WEIGHT)
    criticality = fields.Integer(strict=True, required=True, validate=_WEIGHT)
    age = fields.Integer(strict=True, required=True, validate=_WEIGHT)
    exposure = fields.Integer(strict=True, required=True, validate=_WEIGHT)


class AgeStepSchema(Schema):
    from_day = fields.Integer(strict=True, required=True, validate=validate.Range(0, 3650))
    factor = fields.Float(required=True, validate=validate.Range(0, LONGEST_FACTOR))


class ExposurePointsSchema(Schema):
    internet = fields.Integer(strict=True, required=True, validate=_POINTS)
    dmz = fields.Integer(strict=True, required=True, validate=_POINTS)
    internal = fields.Integer(strict=True, required=True, validate=_POINTS)
    isolated = fields.Integer(strict=True, required=True, validate=_POINTS)


class BandsSchema(Schema):
    critical = fields.Integer(strict=True, required=True, validate=_BAND)
    high = fields.Integer(strict=True, required=True, validate=_BAND)
    medium = fields.Integer(strict=True, required=True, validate=_BAND)


class FormulaIn(Schema):
    weights = fields.Nested(WeightsSchema, required=True)
    age_steps = fields.List(fields.Nested(AgeStepSchema), required=True, validate=validate.Length(1, 10))
    exposure_points = fields.Nested(ExposurePointsSchema, required=True)
    bands = fields.Nested(BandsSchema, required=True)

    @validates_schema
    def _orders(self, data: dict[str, Any], **_: object) -> None:
        """Steps begin with day 0 and rise; bands fall."""
        starts = [step["from_day"] for step in data["age_steps"]]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValidationError("Must begin with day 0 and rise.", "age_steps")
        bands = data["bands"]
        if not bands["critical"] > bands["high"] > bands["medium"]:
            raise ValidationError("Must fall from critical over high to medium.", "bands")


class FormulaUpdate(FormulaIn):
    reason = fields.String(validate=validate.Length(0, 1000))


class RiskFormulaOut(FormulaIn):
    version = fields.Integer(required=True)
    reason = fields.String(required=True)
    created_by = fields.UUID(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True, allow_none=True)


class TermOut(Schema):
    name = fields.String(required=True, validate=validate.OneOf([*INPUTS, "severity"]))
    weight = fields.Float(required=True)
    effective_weight = fields.Float(required=True)
    input = fields.Raw(required=True)
    value = fields.Float(required=True)
    points = fields.Float(required=True)


class RiskExplanationOut(Schema):
    vulnerability_id = fields.UUID(required=True)
    score = fields.Integer(required=True)
    band = fields.String(required=True)
    computed = fields.Integer(required=True)
    version = fields.Integer(required=True)
    informational = fields.Boolean(required=True)
    missing = fields.List(fields.String(validate=validate.OneOf(INPUTS)), required=True)
    terms = fields.List(fields.Nested(TermOut), required=True)


class BandCountOut(Schema):
    band = fields.String(required=True)
    least = fields.Integer(required=True, data_key="from")
    vulnerabilities = fields.Integer(required=True)


class RiskBandsOut(Schema):
    version = fields.Integer(required=True)
    bands = fields.List(fields.Nested(BandCountOut), required=True)


class AssessmentIn(Schema):
    criticality = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 5))
    exposure = fields.String(allow_none=True, validate=validate.OneOf(EXPOSURES))

    @validates_schema
    def _something(self, data: dict[str, Any], **_: object) -> None:
        if not {"criticality", "exposure"} & set(data):
            raise ValidationError("Give criticality, exposure or both.", "criticality")


class BulkAssessmentIn(AssessmentIn):
    asset_ids = fields.List(fields.UUID(), validate=validate.Length(1, 10_000))
    filter = ParametersField(metadata={"example": {"tag": "web"}})
    dry_run = fields.Boolean(load_default=False)
    expected_count = fields.Integer(strict=True, validate=validate.Range(0, 2**53))

    @validates_schema
    def _one_choice(self, data: dict[str, Any], **_: object) -> None:
        if ("asset_ids" in data) == ("filter" in data):
            raise ValidationError("Give either assetIds or filter.", "asset_ids")


class BulkAssessmentOut(Schema):
    dry_run = fields.Boolean(required=True)
    matched = fields.Integer(strict=True, required=True)
    changed = fields.Integer(strict=True, required=True)
    rescored = fields.Integer(strict=True, required=True)
