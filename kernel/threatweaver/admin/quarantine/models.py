"""What is in quarantine, in the tenant's schema; the data lies in the home's quarantine folder."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class Quarantined(Model):
    """One refused record. The same data from the same source is one record, however often it comes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    source = fields.CharField(max_length=100)
    code = fields.CharField(max_length=100)
    message = fields.CharField(max_length=2000)
    line = fields.BigIntField(null=True)
    name = fields.CharField(max_length=200)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    stored_bytes = fields.BigIntField(default=0)  # fewer than `size`: the beginning alone, or nothing
    times = fields.IntField(default=1)
    job_id = fields.UUIDField()
    rejected_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "quarantine"
        app = "kernel"
        unique_together = (("source", "sha256"),)
        indexes = (("rejected_at",),)
