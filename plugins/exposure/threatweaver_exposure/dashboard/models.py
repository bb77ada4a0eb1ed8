"""Rollups, kept in the transaction of whatever changes a vulnerability."""

from tortoise import fields

from threatweaver.sdk import Model


class Rollup(Model):
    """How many vulnerabilities were first seen on a day, by severity and present state."""

    id = fields.BigIntField(primary_key=True)
    first_seen_on = fields.DateField()
    severity = fields.SmallIntField()
    state = fields.SmallIntField()
    total = fields.BigIntField()

    class Meta:
        table = "exposure_rollup"
        app = "exposure"
        unique_together = (("first_seen_on", "severity", "state"),)


class DefinitionRollup(Model):
    """How many vulnerabilities a definition has, by severity and present state; the sum of their scores."""

    id = fields.BigIntField(primary_key=True)
    definition_id = fields.IntField()
    severity = fields.SmallIntField()
    state = fields.SmallIntField()
    total = fields.BigIntField()
    risk_sum = fields.BigIntField()

    class Meta:
        table = "exposure_definition_rollup"
        app = "exposure"
        unique_together = (("definition_id", "severity", "state"),)


class AssetRollup(Model):
    """How many assets have this worst severity, and the sum of their risk scores."""

    id = fields.BigIntField(primary_key=True)
    worst_severity = fields.SmallIntField(unique=True)
    assets = fields.BigIntField()
    risk_sum = fields.BigIntField()

    class Meta:
        table = "exposure_asset_rollup"
        app = "exposure"
