"""The feed of changes goes by the ids of events."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0008_sla")]

    operations = [ops.RunSQL(["CREATE INDEX exposure_event_order ON exposure_event (id)"])]
