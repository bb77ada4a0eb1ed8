"""Tags and groups by rule."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0025_searching")]

    operations = [
        *(
            ops.AddField(model_name=name, name="rule", field=fields.JSONField(null=True))
            for name in ("Tag", "AssetGroup")
        ),
        *(
            ops.AddField(
                model_name=name, name="by_rule", field=fields.BooleanField(default=False, db_default=False)
            )
            for name in ("AssetTag", "AssetGroupMember")
        ),
    ]
