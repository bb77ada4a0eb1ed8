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
            name="AuditHead",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("seq", fields.BigIntField()),
                ("hash", fields.BinaryField()),
            ],
            options={
                "table": "audit_head",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "The end of the tenant's chain.",
            },
            bases=["HeadColumns"],
        ),
        ops.CreateModel(
            name="AuditRoot",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("seq", fields.BigIntField()),
                ("hash", fields.BinaryField()),
                ("key_id", fields.CharField(max_length=16)),
                ("signature", fields.BinaryField()),
            ],
            options={
                "table": "audit_root",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A signed end of the tenant's chain.",
            },
            bases=["RootColumns"],
        ),
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
        ops.AlterModelOptions(
            name="AuditLine",
            options={
                "table": "audit_line",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A write or security event of the tenant's; its role may read lines, never touch one.",
            },
        ),
        ops.AddField(
            model_name="AuditLine",
            name="actor_email",
            field=fields.CharField(null=True, max_length=254),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="after",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="before",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="hash",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="outcome",
            field=fields.CharField(db_default="success", max_length=16),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="target",
            field=fields.CharField(db_default="", max_length=200),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="token_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="user_agent",
            field=fields.CharField(db_default="", max_length=300),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="via",
            field=fields.CharField(db_default="", max_length=16),
        ),
    ]
