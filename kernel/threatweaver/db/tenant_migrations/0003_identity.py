from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops

from threatweaver.ids import uuid7


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_uuid7")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SettingsVersion",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("version", fields.IntField(unique=True)),
                ("values", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("changes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("changed_by", fields.UUIDField()),
                ("changed_by_email", fields.CharField(max_length=254)),
            ],
            options={
                "table": "settings_version",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "One change: `values` are all members after it, `changes` what it changed as name → [before, after].",
            },
            bases=["Model"],
        ),
    ]
