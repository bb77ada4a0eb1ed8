"""Payload sets, and the scan profiles that name them."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from threatweaver.sdk import uuid7


class Migration(migrations.Migration):
    dependencies = [("appsec", "0001_initial")]

    operations = [
        ops.CreateModel(
            name="StoredPayloads",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("description", fields.TextField(default="", unique=False)),
                ("kind", fields.CharField(max_length=16)),
                ("payloads", ArrayField(default=list, element_type="text")),
                ("size", fields.IntField(default=0)),
                ("safe", fields.BooleanField(default=False, db_default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={"table": "appsec_payload_set", "app": "appsec", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ScanProfile",
            name="payload_set_ids",
            field=ArrayField(default=list, db_default=[], element_type="uuid"),
        ),
    ]
