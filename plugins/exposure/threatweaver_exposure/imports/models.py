"""Tables of imports, in the tenant's schema."""

from tortoise import fields
from tortoise.models import Model

from threatweaver.sdk import uuid7


class Import(Model):
    """One report that was handed in, and what it changed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    job_id = fields.UUIDField()
    filename = fields.CharField(max_length=200)
    format = fields.CharField(max_length=32)
    asset = fields.CharField(max_length=255, null=True)
    dry_run = fields.BooleanField(default=False, db_default=False)
    sha256 = fields.CharField(max_length=64)
    size = fields.BigIntField()
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    assets = fields.IntField(null=True)
    findings = fields.IntField(null=True)
    duplicates = fields.IntField(null=True)
    created = fields.IntField(null=True)
    updated = fields.IntField(null=True)
    reopened = fields.IntField(null=True)
    unchanged = fields.IntField(null=True)
    closed = fields.IntField(null=True)
    unobserved = fields.IntField(null=True)

    class Meta:
        table = "exposure_import"
        app = "exposure"
