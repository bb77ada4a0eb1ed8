"""Where on an asset, beside ports: a file, a package, a path. What was there before has none.

What ran before this goes on: to it every row has the location "".
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

PLACE = ("asset_id", "definition_id", "port", "protocol")


class Migration(migrations.Migration):
    dependencies = [("exposure", "0003_checks")]

    operations = [
        ops.AddField(model_name="Import", name="asset", field=fields.CharField(max_length=255, null=True)),
        ops.AddField(
            model_name="Import", name="dry_run", field=fields.BooleanField(default=False, db_default=False)
        ),
        ops.AddField(
            model_name="Vulnerability",
            name="location",
            field=fields.CharField(max_length=500, default="", db_default=""),
        ),
        ops.AddConstraint(
            model_name="Vulnerability", constraint=UniqueConstraint(fields=(*PLACE, "location"))
        ),
        ops.RemoveConstraint(model_name="Vulnerability", fields=list(PLACE)),
    ]
