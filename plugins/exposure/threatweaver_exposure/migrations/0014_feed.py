"""Tombstones of what is gone from the feed of changes, and up to where they were forgotten."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from threatweaver.sdk import uuid7


class Migration(migrations.Migration):
    dependencies = [("exposure", "0013_sync")]

    operations = [
        ops.CreateModel(
            name="Tombstone",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("cursor", fields.BigIntField()),
                ("at", fields.DatetimeField()),
                ("entity", fields.CharField(max_length=16)),
                ("entity_id", fields.UUIDField()),
                ("asset_id", fields.UUIDField()),
                ("action", fields.CharField(max_length=16)),
                ("import_id", fields.UUIDField(null=True)),
            ],
            options={"table": "exposure_tombstone", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Feed",
            fields=[
                (
                    "id",
                    fields.SmallIntField(generated=False, primary_key=True, unique=True, db_index=True),
                ),
                ("forgotten", fields.BigIntField()),
            ],
            options={"table": "exposure_feed", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                # Events and tombstones are one sequence, in the order of their commits.
                """ALTER TABLE exposure_tombstone
                       ALTER COLUMN cursor SET DEFAULT nextval('exposure_event_id_seq')""",
                "CREATE UNIQUE INDEX exposure_tombstone_order ON exposure_tombstone (cursor)",
                "CREATE INDEX exposure_tombstone_age ON exposure_tombstone (at)",
                "ALTER TABLE exposure_feed ADD CHECK (id = 1)",
            ]
        ),
    ]
