"""Reports of the isolation probe, in the control schema: they are of the installation, not of a tenant."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class IsolationReport(Model):
    """One run; `content` is the JSON text that was signed, byte for byte."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    created_at = fields.DatetimeField(auto_now_add=True)
    version = fields.CharField(max_length=64)
    passed = fields.BooleanField()
    leaks = fields.IntField()
    calls = fields.IntField()
    content = fields.TextField()
    signature = fields.CharField(max_length=100)
    public_key = fields.CharField(max_length=100)

    class Meta:
        table = "isolation_report"
        app = "control"
