"""Filters of lists that people keep under a name."""

from uuid import uuid4

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0006_unobserved")]

    operations = [
        ops.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("owner_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=100)),
                ("resource", fields.CharField(max_length=32)),
                ("query", fields.JSONField()),
                ("shared", fields.BooleanField(default=False, db_default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "exposure_saved_filter",
                "app": "exposure",
                "unique_together": (("owner_id", "name"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
