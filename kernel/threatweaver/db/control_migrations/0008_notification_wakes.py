"""When whose notifications want to be looked at: every tenant's once, for what waits there already."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("control", "0007_modules")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Wake",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("due_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification_wake",
                "app": "control",
                "indexes": [Index(fields=["tenant_id", "due_at"])],
                "pk_attr": "id",
                "table_description": "One such moment; rows are added and taken away, never changed, so that nobody waits for another.",
            },
            bases=["Model"],
        ),
        ops.RunSQL("INSERT INTO notification_wake (tenant_id, due_at) SELECT id, now() FROM tenant"),
    ]
