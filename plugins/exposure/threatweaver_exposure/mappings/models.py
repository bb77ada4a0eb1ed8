"""Table of mappings, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class ReportMapping(Model):
    """What the columns of a tool's files mean; its checks are stored under its name, which stays."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=25, unique=True)
    title = fields.CharField(max_length=100)
    version = fields.IntField()
    mapping: fields.JSONField[dict[str, Any]] = fields.JSONField()
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "exposure_report_mapping"
        app = "exposure"
