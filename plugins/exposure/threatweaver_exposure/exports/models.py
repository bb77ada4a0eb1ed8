"""Tables of exports, in the tenant's schema."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.sdk import Model, uuid7


class Export(Model):
    """A list that somebody asked for as a file; it has the id of the job that writes it.

    `within` are the asset groups and tags whose rows the asker may see, NULL for all rows. `attempt` is the
    run that writes: only that one may add chunks. `touched_at` is when somebody last worked on it.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    resource = fields.CharField(max_length=32)
    format = fields.CharField(max_length=16)
    filters = fields.JSONField[dict[str, Any]](default=dict)
    within = ArrayField("uuid", null=True)
    state = fields.CharField(max_length=16)
    attempt = fields.IntField()
    row_count = fields.BigIntField()
    size = fields.BigIntField()
    chunk_count = fields.IntField()
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    touched_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "exposure_export"
        app = "exposure"


class ExportChunk(Model):
    """A part of an export's file, about a MiB; all in their order are the file. Goes with its export."""

    id = fields.BigIntField(primary_key=True)
    export_id = fields.UUIDField()
    number = fields.IntField()
    size = fields.IntField()
    sha256 = fields.CharField(max_length=64)
    data = fields.BinaryField()

    class Meta:
        table = "exposure_export_chunk"
        app = "exposure"
        unique_together = (("export_id", "number"),)
