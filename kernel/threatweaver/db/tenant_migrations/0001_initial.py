from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditLine",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("actor_id", fields.UUIDField(null=True)),
                ("action", fields.CharField(max_length=120)),
                ("method", fields.CharField(max_length=8)),
                ("path", fields.CharField(max_length=500)),
                ("status", fields.SmallIntField()),
                ("request_id", fields.CharField(max_length=64)),
                ("address", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_line",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A write inside the tenant; its role may insert and read, never change.",
            },
            bases=["AuditColumns"],
        ),
    ]
