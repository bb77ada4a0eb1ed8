"""The license's history and revocations, switches of modules, and how far each tenant's tables are."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from threatweaver.ids import uuid7


class Migration(migrations.Migration):
    dependencies = [("control", "0006_provisioned")]

    initial = False

    operations = [
        ops.AlterField(model_name="License", name="jti", field=fields.CharField(max_length=128)),
        ops.CreateModel(
            name="Revocations",
            fields=[
                ("seq", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("token", fields.TextField(unique=False)),
                ("imported_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("imported_by", fields.UUIDField(null=True)),
            ],
            options={"table": "license_revocations", "app": "control", "pk_attr": "seq"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LicenseEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
                ("kind", fields.CharField(max_length=32)),
                ("jti", fields.CharField(null=True, max_length=128)),
                ("actor_id", fields.UUIDField(null=True)),
                ("details", fields.JSONField()),
            ],
            options={"table": "license_event", "app": "control", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LicenseWatch",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("latest_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("jti", fields.CharField(null=True, max_length=128)),
                ("state", fields.CharField(max_length=16)),
            ],
            options={"table": "license_watch", "app": "control", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ModuleSwitch",
            fields=[
                ("module_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("disabled_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("disabled_by", fields.UUIDField(null=True)),
            ],
            options={"table": "module_switch", "app": "control", "pk_attr": "module_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TenantModule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("module_id", fields.CharField(max_length=64)),
                ("denied_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("denied_by", fields.UUIDField(null=True)),
            ],
            options={
                "table": "tenant_module",
                "app": "control",
                "unique_together": (("tenant_id", "module_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TenantApp",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("app", fields.CharField(max_length=64)),
                ("version", fields.CharField(default="", max_length=64)),
                ("error", fields.CharField(null=True, max_length=1000)),
                ("tried_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "tenant_app",
                "app": "control",
                "unique_together": (("tenant_id", "app"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
