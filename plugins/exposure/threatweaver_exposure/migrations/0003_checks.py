"""Checks that are no numbers: every scanner but Tenable's names them by a text."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0002_indexes")]

    operations = [
        ops.AlterField(model_name="Definition", name="plugin_id", field=fields.BigIntField(null=True)),
        ops.AddField(
            model_name="Definition", name="check_id", field=fields.CharField(max_length=200, null=True)
        ),
        ops.RunSQL(
            [
                """CREATE UNIQUE INDEX exposure_definition_check
                   ON exposure_definition (source, (coalesce(check_id, plugin_id::text)))""",
            ]
        ),
    ]
