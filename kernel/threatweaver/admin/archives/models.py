"""What was archived, in the tenant's schema; the file lies in the home's archive folder."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class Archive(Model):
    """One file: the rows of one class of data that were older than a moment."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    data_class = fields.CharField(max_length=100)
    before = fields.DatetimeField()
    rows = fields.BigIntField()
    bytes = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    created_at = fields.DatetimeField(auto_now_add=True)
    created_by = fields.UUIDField()
    restored_at = fields.DatetimeField(null=True)

    class Meta:
        table = "archive"
        app = "kernel"
        indexes = (("created_at",),)
