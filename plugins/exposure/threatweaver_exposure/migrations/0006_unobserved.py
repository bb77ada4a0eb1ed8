"""Since when a vulnerability is not seen any more, without proof that it is gone."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0005_history")]

    operations = [
        ops.AddField(
            model_name="Vulnerability", name="unobserved_since", field=fields.DatetimeField(null=True)
        ),
        ops.AddField(model_name="Import", name="unobserved", field=fields.IntField(null=True)),
    ]
