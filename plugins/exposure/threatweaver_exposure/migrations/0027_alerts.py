"""Saved filters that tell people what imports bring."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0026_rules")]

    operations = [
        ops.AddField(
            model_name="SavedFilter", name="alert", field=fields.BooleanField(default=False, db_default=False)
        )
    ]
