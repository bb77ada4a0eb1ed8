"""Rollups of history, in the tenant's schema; the transaction of each change writes them."""

from tortoise import fields

from threatweaver.sdk import Model


class FlowRollup(Model):
    """What happened on a day to vulnerabilities created on a day: how often, and what it changed.

    `severity` is that after an event, `born_severity` that of the creation. `active` is by how much the
    number of active ones rose. What was not created but split off has -infinity as its day, and no `active`.
    """

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField()
    created_on = fields.DateField()
    born_severity = fields.SmallIntField()
    severity = fields.SmallIntField()
    created = fields.BigIntField()
    closed = fields.BigIntField()
    returned = fields.BigIntField()
    active = fields.BigIntField()

    class Meta:
        table = "exposure_flow_rollup"
        app = "exposure"
        unique_together = (("day", "created_on", "born_severity", "severity"),)


class ScoreRollup(Model):
    """By how much a day changed the number of active vulnerabilities of a severity with a risk score."""

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField()
    severity = fields.SmallIntField()
    risk_score = fields.SmallIntField()
    active = fields.BigIntField()

    class Meta:
        table = "exposure_score_rollup"
        app = "exposure"
        unique_together = (("day", "severity", "risk_score"),)
