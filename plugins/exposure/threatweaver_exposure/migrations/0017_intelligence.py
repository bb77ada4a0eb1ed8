"""Threat intelligence: its snapshots, what they say of CVEs, and what of it holds for definitions."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0016_mappings")]

    operations = [
        ops.CreateModel(
            name="Snapshot",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("job_id", fields.UUIDField(null=True)),
                ("feed", fields.CharField(max_length=8)),
                ("published", fields.DatetimeField()),
                ("sha256", fields.CharField(max_length=64)),
                ("records", fields.IntField()),
                ("key_id", fields.CharField(max_length=16)),
                ("replay", fields.BooleanField()),
                ("created_by", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("imported_at", fields.DatetimeField(null=True)),
                ("added", fields.IntField(null=True)),
                ("changed", fields.IntField(null=True)),
                ("removed", fields.IntField(null=True)),
                ("rescored", fields.IntField(null=True)),
            ],
            options={"table": "exposure_intel_snapshot", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="KnownExploited",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("cve", fields.CharField(max_length=32, unique=True)),
                ("added", fields.DateField()),
                ("due", fields.DateField(null=True)),
                ("ransomware", fields.BooleanField()),
                ("vendor", fields.TextField()),
                ("product", fields.TextField()),
                ("name", fields.TextField()),
                ("action", fields.TextField()),
                ("cwes", ArrayField(element_type="int")),
            ],
            options={"table": "exposure_kev", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Epss",
            fields=[
                ("cve", fields.CharField(max_length=32, primary_key=True, unique=True, db_index=True)),
                ("score", fields.FloatField()),
                ("percentile", fields.FloatField(null=True)),
            ],
            options={"table": "exposure_epss", "app": "exposure", "pk_attr": "cve"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CveRecord",
            fields=[
                ("cve", fields.CharField(max_length=32, primary_key=True, unique=True, db_index=True)),
                ("state", fields.CharField(max_length=16)),
                ("published", fields.DateField(null=True)),
                ("updated", fields.DateField(null=True)),
                ("title", fields.TextField()),
                ("cwes", ArrayField(element_type="int")),
                ("cvss", fields.JSONField()),
                ("exploitation", fields.CharField(max_length=8, null=True)),
                ("automatable", fields.BooleanField(null=True)),
                ("technical_impact", fields.CharField(max_length=8, null=True)),
            ],
            options={"table": "exposure_cve", "app": "exposure", "pk_attr": "cve"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AdvisoryAlias",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("advisory", fields.CharField(max_length=100)),
                ("alias", fields.CharField(max_length=100, db_index=True)),
            ],
            options={
                "table": "exposure_alias",
                "app": "exposure",
                "unique_together": (("advisory", "alias"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="Definition", name="intel_epss", field=fields.FloatField(null=True)),
        ops.AddField(model_name="Definition", name="intel_epss_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Definition", name="intel_kev", field=fields.BooleanField(null=True)),
        ops.AddField(model_name="Definition", name="intel_kev_at", field=fields.DatetimeField(null=True)),
        ops.RunSQL(
            [
                "CREATE INDEX ON exposure_intel_snapshot (feed, imported_at DESC)",
                "ALTER TABLE exposure_epss ADD CHECK (score BETWEEN 0 AND 1)",
            ]
        ),
    ]
