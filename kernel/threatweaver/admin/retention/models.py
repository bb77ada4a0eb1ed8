"""The policy and the runs, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class RetentionRule(Model):
    """How many days a class of data is kept, None for ever; a class without a row is kept as declared."""

    data_class = fields.CharField(max_length=100, primary_key=True)
    days = fields.IntField(null=True)

    class Meta:
        table = "retention_rule"
        app = "kernel"


class RetentionRun(Model):
    """One run: `removed` is class → rows. `started_by` None is the daily one."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    started_by = fields.UUIDField(null=True)
    finished_at = fields.DatetimeField(auto_now_add=True)
    removed = fields.JSONField[dict[str, Any]]()

    class Meta:
        table = "retention_run"
        app = "kernel"
        indexes = (("finished_at",),)
