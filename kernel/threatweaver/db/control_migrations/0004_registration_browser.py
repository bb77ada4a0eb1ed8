"""The browser that registered: the password of a registration counts there only."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("control", "0003_identity_sql")]

    initial = False

    operations = [
        ops.AddField(model_name="Registration", name="browser_hash", field=fields.BinaryField(null=True)),
    ]
