"""Anomalies: days on which a figure left what is usual for it, and who has seen that."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0019_layout")]

    operations = [
        ops.CreateModel(
            name="Anomaly",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("metric", fields.CharField(max_length=24)),
                ("subject", fields.CharField(max_length=32)),
                ("day", fields.DateField()),
                ("direction", fields.CharField(max_length=8)),
                ("severity", fields.SmallIntField()),
                ("value", fields.BigIntField()),
                ("expected", fields.FloatField()),
                ("mad", fields.FloatField()),
                ("lower", fields.FloatField()),
                ("upper", fields.FloatField()),
                ("score", fields.FloatField()),
                ("seasonal", fields.BooleanField()),
                ("history_days", fields.IntField()),
                ("detected_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("acknowledged_at", fields.DatetimeField(null=True)),
                ("acknowledged_by", fields.UUIDField(null=True)),
                ("note", fields.CharField(max_length=1000, null=True)),
            ],
            options={
                "table": "exposure_anomaly",
                "app": "exposure",
                "unique_together": (("metric", "subject", "day"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "CREATE INDEX exposure_anomaly_day ON exposure_anomaly (day, id)",
                "ALTER TABLE exposure_anomaly ADD CHECK (direction IN ('above', 'below'))",
                """ALTER TABLE exposure_anomaly
                   ADD CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))""",
            ]
        ),
    ]
