"""What happened, in the tenant's schema: the outbox that notifications are made from."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class EventStatus(StrEnum):
    """What became of an event."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REPEATED = "repeated"
    SUPPRESSED = "suppressed"
    TEST = "test"


class Event(Model):
    """One event; `user_id` says whom alone it concerns, `key` what makes another one the same again."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100)
    title = fields.CharField(max_length=300)
    severity = fields.SmallIntField()
    link = fields.CharField(max_length=500)
    data = fields.JSONField[dict[str, Any]]()
    key = fields.CharField(max_length=200)
    user_id = fields.UUIDField(null=True)
    status = fields.CharField(max_length=10, default=EventStatus.PENDING.value)
    occurred_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "notification_event"
        app = "kernel"
        indexes = (("status", "occurred_at"), ("name", "key", "occurred_at"))
