"""Channels, in the tenant's schema."""

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class Kind(StrEnum):
    """What speaks at the other end."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"


class Channel(Model):
    """One channel; no `events` means all. `url` and the signing secrets are sealed: an URL may hold a token.

    `lost` counts deliveries that were given up, since the last one that arrived.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=8)
    name = fields.CharField(max_length=100, unique=True)
    enabled = fields.BooleanField(default=True)
    events = ArrayField("text", default=list)
    minimum_severity = fields.SmallIntField(default=0)
    recipients = ArrayField("text", default=list)
    url = fields.TextField(default="")
    host = fields.CharField(max_length=300, default="")
    secret = fields.TextField(default="")
    old_secret = fields.TextField(default="")
    old_secret_until = fields.DatetimeField(null=True)
    lost = fields.IntField(default=0)
    disabled_reason = fields.CharField(max_length=300, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "notification_channel"
        app = "kernel"
