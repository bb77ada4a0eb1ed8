"""The feed of changes goes by the ids of events, figures over time by their days."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0009_exports")]

    operations = [
        ops.RunSQL(
            [
                "CREATE INDEX exposure_event_order ON exposure_event (id)",
                # Rows come in the order of time: a few bytes for each hundred pages tell days apart.
                "CREATE INDEX exposure_event_time ON exposure_event USING brin (at)",
            ]
        )
    ]
