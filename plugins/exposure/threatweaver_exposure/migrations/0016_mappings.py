"""What the columns of files of other tools mean."""

from uuid import uuid4

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0015_assets")]

    operations = [
        ops.CreateModel(
            name="ReportMapping",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=25)),
                ("title", fields.CharField(max_length=100)),
                ("version", fields.IntField()),
                ("mapping", fields.JSONField()),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={"table": "exposure_report_mapping", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(model_name="Import", name="mapping", field=fields.JSONField(null=True)),
    ]
