"""What the models of identity, access and the edge cannot say."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from threatweaver.audit import ddl as audit


class Migration(migrations.Migration):
    dependencies = [("control", "0002_identity")]

    operations = [
        # Counts of a minute are not worth a write-ahead log: a crash of the database empties the table.
        ops.RunSQL("ALTER TABLE rate_bucket SET UNLOGGED"),
        ops.RunSQL(list(audit.VERSION_1)),
    ]
