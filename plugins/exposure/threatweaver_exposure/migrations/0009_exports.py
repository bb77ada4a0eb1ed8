"""Exports, and the parts of their files: in the database, so that every host can serve them."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from threatweaver.sdk import uuid7


class Migration(migrations.Migration):
    dependencies = [("exposure", "0008_sla")]

    operations = [
        ops.CreateModel(
            name="Export",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("resource", fields.CharField(max_length=32)),
                ("format", fields.CharField(max_length=16)),
                ("filters", fields.JSONField(default=dict)),
                ("within", ArrayField(null=True, element_type="uuid")),
                ("state", fields.CharField(max_length=16)),
                ("attempt", fields.IntField()),
                ("row_count", fields.BigIntField()),
                ("size", fields.BigIntField()),
                ("chunk_count", fields.IntField()),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("touched_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "exposure_export", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExportChunk",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("export_id", fields.UUIDField()),
                ("number", fields.IntField()),
                ("size", fields.IntField()),
                ("sha256", fields.CharField(max_length=64)),
                ("data", fields.BinaryField()),
            ],
            options={
                "table": "exposure_export_chunk",
                "app": "exposure",
                "unique_together": (("export_id", "number"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                """ALTER TABLE exposure_export_chunk
                   ADD FOREIGN KEY (export_id) REFERENCES exposure_export ON DELETE CASCADE""",
                "CREATE INDEX exposure_export_age ON exposure_export (created_at, id)",
            ]
        ),
    ]
