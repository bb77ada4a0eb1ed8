"""Tables of the rate limits, in the control schema; `rate_bucket` is UNLOGGED: a crash empties it."""

from typing import Any

from tortoise import fields

from threatweaver.db.model import Model


class RateBucket(Model):
    """What one client used of one limit in the window that ends at `resets_at`."""

    id = fields.CharField(max_length=500, primary_key=True)  # name and subject
    name = fields.CharField(max_length=300)
    subject = fields.CharField(max_length=100, db_index=True)
    used = fields.IntField()
    resets_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "rate_bucket"
        app = "control"


class RateLimitConfig(Model):
    """The deployment's limits, one row; none while the settings' and the documented ones are in force."""

    id = fields.SmallIntField(primary_key=True, default=1)
    general_limit = fields.IntField()
    overrides = fields.JSONField[list[dict[str, Any]]](default=list)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "rate_limit_config"
        app = "control"
