"""The tables of the formula, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model


class RiskFormula(Model):
    """One version of the formula; the newest holds. A tenant without any has that of formula.DEFAULT."""

    version = fields.IntField(primary_key=True)
    formula: fields.JSONField[dict[str, Any]] = fields.JSONField()
    reason = fields.TextField(default="")
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_risk_formula"
        app = "exposure"


class RiskAged(Model):
    """Up to which day scores know the age of what they rank. At most one row, id 1."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    day = fields.DateField()

    class Meta:
        table = "exposure_risk_aged"
        app = "exposure"
