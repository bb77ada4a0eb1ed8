"""What models cannot say."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from threatweaver.audit import ddl as audit


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_identity")]

    operations = [
        ops.RunSQL(list(audit.VERSION_1)),
    ]
