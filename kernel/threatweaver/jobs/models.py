"""What the outside sees of a job, in the control schema; the queue itself is pgqueuer's."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class Status(StrEnum):
    """The five states of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Model):
    """One piece of background work of one tenant."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField(null=True)
    module_id = fields.CharField(max_length=64, null=True)
    kind = fields.CharField(max_length=100)
    payload = fields.JSONField[dict[str, Any]](default=dict)
    status = fields.CharField(max_length=16, default=Status.QUEUED.value)
    progress = fields.SmallIntField(default=0)
    attempts = fields.SmallIntField(default=0)
    queue_id = fields.BigIntField(null=True)
    result = fields.JSONField[Any](null=True)
    error = fields.JSONField[Any](null=True)
    cancel_requested = fields.BooleanField(default=False)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        app = "control"
        indexes = (("tenant_id", "created_at"),)
