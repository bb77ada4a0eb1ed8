"""What each import found before it changed it, so that it can be taken back; and what was taken back."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0010_changes")]

    operations = [
        ops.AddField(model_name="Import", name="merged_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Import", name="reverted_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Import", name="reverted_by", field=fields.UUIDField(null=True)),
        ops.CreateModel(
            name="Sighting",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("import_id", fields.UUIDField()),
                ("asset_id", fields.UUIDField(db_index=True)),
                ("source", fields.CharField(max_length=32)),
                ("seen_at", fields.DatetimeField()),
                ("finished", fields.BooleanField()),
                ("created", fields.BooleanField()),
                ("before", fields.JSONField(null=True)),
                ("identifiers", ArrayField(element_type="text")),
                ("added", ArrayField(element_type="text")),
                ("vulnerabilities", ArrayField(element_type="uuid")),
                ("last_seen", ArrayField(element_type="timestamptz")),
            ],
            options={
                "table": "exposure_sighting",
                "app": "exposure",
                "unique_together": (("import_id", "asset_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Before",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("import_id", fields.UUIDField(db_index=True)),
                ("vulnerability_id", fields.UUIDField()),
                ("state", fields.SmallIntField()),
                ("severity", fields.SmallIntField()),
                ("risk_score", fields.SmallIntField()),
                ("authenticated", fields.BooleanField()),
                ("last_seen", fields.DatetimeField()),
                ("fixed_at", fields.DatetimeField(null=True)),
                ("unobserved_since", fields.DatetimeField(null=True)),
                ("evidence_digest", fields.UUIDField(null=True)),
                ("evidence", fields.JSONField(null=True)),
            ],
            options={
                "table": "exposure_before",
                "app": "exposure",
                "unique_together": (("vulnerability_id", "import_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DefinitionBefore",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("import_id", fields.UUIDField()),
                ("definition_id", fields.IntField()),
                ("before", fields.JSONField()),
                ("digest", fields.UUIDField()),
            ],
            options={
                "table": "exposure_definition_before",
                "app": "exposure",
                "unique_together": (("import_id", "definition_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Withdrawn",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("asset_id", fields.UUIDField()),
                ("definition_id", fields.IntField()),
                ("port", fields.IntField()),
                ("protocol", fields.CharField(max_length=16)),
                ("location", fields.CharField(max_length=500)),
                ("authenticated", fields.BooleanField()),
                ("first_seen", fields.DatetimeField()),
                ("last_seen", fields.DatetimeField()),
                ("fixed_at", fields.DatetimeField(null=True)),
                ("unobserved_since", fields.DatetimeField(null=True)),
            ],
            options={"table": "exposure_withdrawn", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WithdrawnAsset",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=255)),
                ("ip", fields.CharField(max_length=45, null=True)),
            ],
            options={"table": "exposure_withdrawn_asset", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
