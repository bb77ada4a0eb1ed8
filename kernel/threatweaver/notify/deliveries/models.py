"""Deliveries, in the tenant's schema: a row for each event and receiver; queue and log in one."""

from enum import StrEnum

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class DeliveryStatus(StrEnum):
    """The life of a delivery."""

    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"


class Delivery(Model):
    """One event for one channel or one person.

    `planned_for` says which of a person's deliveries go in one mail: those of the same moment. `due_at` is
    when the next attempt may begin; while one runs, it is when the attempt counts as lost.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    event_id = fields.UUIDField()
    channel_id = fields.UUIDField(null=True)
    user_id = fields.UUIDField(null=True)
    status = fields.CharField(max_length=8, default=DeliveryStatus.QUEUED.value)
    attempts = fields.SmallIntField(default=0)
    planned_for = fields.DatetimeField()
    due_at = fields.DatetimeField()
    response_code = fields.SmallIntField(null=True)
    last_error = fields.CharField(max_length=300, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification_delivery"
        app = "kernel"
        unique_together = (("event_id", "channel_id"), ("event_id", "user_id"))
        indexes = (
            ("status", "due_at"),
            ("created_at",),
            ("channel_id", "created_at"),
            ("user_id", "planned_for"),
        )
