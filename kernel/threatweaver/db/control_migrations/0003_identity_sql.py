"""What the models of identity, access and the edge cannot say."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("control", "0002_identity")]

    operations = [
        # Counts of a minute are not worth a write-ahead log: a crash of the database empties the table.
        ops.RunSQL("ALTER TABLE rate_bucket SET UNLOGGED"),
    ]
