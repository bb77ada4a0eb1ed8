"""The outbox, in the control schema: resetting a password belongs to no tenant's data."""

from enum import StrEnum

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class MailStatus(StrEnum):
    """The life of a mail; `held` waits for the operator, because no server is configured."""

    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    FAILED = "failed"


class Mail(Model):
    """One mail to one recipient; `content` is sealed, and emptied once the mail is sent."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    recipient = fields.CharField(max_length=254)
    content = fields.TextField()
    status = fields.CharField(max_length=8)
    attempts = fields.SmallIntField(default=0)
    last_error = fields.CharField(max_length=300, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "mail"
        app = "control"
        indexes = (("status", "created_at"), ("tenant_id", "created_at"))
