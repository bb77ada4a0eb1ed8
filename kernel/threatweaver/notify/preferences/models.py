"""What people chose, in the tenant's schema; what they did not choose is as the event declares."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class Preference(Model):
    """How one person hears of one event, by mail."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField()
    event = fields.CharField(max_length=100)
    mode = fields.CharField(max_length=10)

    class Meta:
        table = "notification_preference"
        app = "kernel"
        unique_together = (("user_id", "event"),)


class Schedule(Model):
    """When one person hears: the hour of their digest, and their quiet hours (HH:MM), in their time zone."""

    user_id = fields.UUIDField(primary_key=True)
    time_zone = fields.CharField(max_length=64, default="UTC")
    weekly = fields.BooleanField(default=False)
    digest_hour = fields.SmallIntField(default=8)
    digest_weekday = fields.SmallIntField(default=1)
    quiet_from = fields.CharField(max_length=5, null=True)
    quiet_until = fields.CharField(max_length=5, null=True)

    class Meta:
        table = "notification_schedule"
        app = "kernel"
