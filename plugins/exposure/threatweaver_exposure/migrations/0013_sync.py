"""The sync with Tenable: its configuration, its runs, and the chunks that they merged."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0012_risk")]

    operations = [
        ops.CreateModel(
            name="SyncConfig",
            fields=[
                ("id", fields.SmallIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("url", fields.CharField(max_length=300)),
                ("sealed_keys", fields.TextField(unique=False)),
                ("assets_per_chunk", fields.IntField()),
                ("minimum_severity", fields.SmallIntField()),
                ("interval_minutes", fields.IntField(null=True)),
                ("position", fields.DatetimeField(null=True)),
                ("updated_by", fields.UUIDField()),
                ("updated_at", fields.DatetimeField()),
            ],
            options={"table": "exposure_sync_config", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SyncRun",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("state", fields.CharField(max_length=16)),
                ("since", fields.DatetimeField(null=True)),
                ("assets_export", fields.UUIDField(null=True)),
                ("findings_export", fields.UUIDField(null=True)),
                ("assets_total", fields.IntField(null=True)),
                ("findings_total", fields.IntField(null=True)),
                ("cancel_requested", fields.BooleanField(default=False, db_default=False)),
                ("error", fields.CharField(null=True, max_length=64)),
                ("message", fields.CharField(null=True, max_length=500)),
                ("created_by", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True)),
                ("touched_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "exposure_sync_run", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SyncChunk",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("run_id", fields.UUIDField()),
                ("kind", fields.CharField(max_length=16)),
                ("export_id", fields.UUIDField()),
                ("number", fields.IntField()),
                ("import_id", fields.UUIDField()),
                ("records", fields.IntField()),
                ("refused", fields.IntField()),
                ("merged_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "exposure_sync_chunk",
                "app": "exposure",
                "unique_together": (("run_id", "export_id", "number"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SyncRefusal",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("chunk_id", fields.UUIDField(db_index=True)),
                ("position", fields.IntField()),
                ("reason", fields.CharField(max_length=300)),
                ("quarantine_id", fields.UUIDField()),
            ],
            options={"table": "exposure_sync_refusal", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE exposure_sync_config ADD CHECK (id = 1)",
                "CREATE UNIQUE INDEX ON exposure_sync_run ((true)) WHERE state IN ('queued', 'running')",
                """ALTER TABLE exposure_sync_chunk ADD FOREIGN KEY (run_id) REFERENCES exposure_sync_run
                       ON DELETE CASCADE""",
                """ALTER TABLE exposure_sync_refusal ADD FOREIGN KEY (chunk_id)
                       REFERENCES exposure_sync_chunk ON DELETE CASCADE""",
            ]
        ),
    ]
