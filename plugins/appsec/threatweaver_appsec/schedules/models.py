"""Table of schedules, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7
from threatweaver_appsec.fields import ids


class Schedule(Model):
    """An assessment of a target at times, in UTC, as cron writes them."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100)
    target_id = fields.UUIDField()
    profile = fields.CharField(max_length=100, default="quick")
    auth_profile_ids = ids()
    cron = fields.CharField(max_length=100)
    enabled = fields.BooleanField(default=True)
    next_at = fields.DatetimeField(null=True)
    last_at = fields.DatetimeField(null=True)
    last_assessment_id = fields.UUIDField(null=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_schedule"
        app = "appsec"
