"""The versions of the settings, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class SettingsVersion(Model):
    """One change: `values` are all members after it, `changes` what it changed as name → [before, after]."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    version = fields.IntField(unique=True)
    values = fields.JSONField[dict[str, Any]]()
    changes = fields.JSONField[dict[str, Any]]()
    reason = fields.CharField(max_length=500, default="")
    changed_at = fields.DatetimeField(auto_now_add=True)
    changed_by = fields.UUIDField()
    changed_by_email = fields.CharField(max_length=254)

    class Meta:
        table = "settings_version"
        app = "kernel"
