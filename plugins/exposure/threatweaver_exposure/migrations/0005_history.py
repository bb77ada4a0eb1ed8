"""History: an event for each change, and by how much each day changed the rollups.

It begins with this migration: what was there before it was as it is now since it was first seen.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0004_locations")]

    operations = [
        ops.CreateModel(
            name="DayRollup",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField()),
                ("first_seen_on", fields.DateField()),
                ("severity", fields.SmallIntField()),
                ("state", fields.SmallIntField()),
                ("total", fields.BigIntField()),
            ],
            options={
                "table": "exposure_day_rollup",
                "app": "exposure",
                "unique_together": (("day", "first_seen_on", "severity", "state"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DayAssetRollup",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField()),
                ("worst_severity", fields.SmallIntField()),
                ("assets", fields.BigIntField()),
                ("risk_sum", fields.BigIntField()),
            ],
            options={
                "table": "exposure_day_asset_rollup",
                "app": "exposure",
                "unique_together": (("day", "worst_severity"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                """CREATE TABLE "exposure_event" (
                       id bigint GENERATED ALWAYS AS IDENTITY, vulnerability_id uuid NOT NULL,
                       at timestamptz NOT NULL, action varchar(16) NOT NULL, state smallint NOT NULL,
                       severity smallint NOT NULL, risk_score smallint NOT NULL, import_id uuid, actor_id uuid
                   ) PARTITION BY RANGE (at)""",
                "CREATE INDEX exposure_event_of ON exposure_event (vulnerability_id, at, id)",
                # What came before the first month; the tenant's own role may make no table.
                'CREATE TABLE "exposure_event_default" PARTITION OF exposure_event DEFAULT',
                """CREATE FUNCTION exposure_event_month(moment timestamptz) RETURNS void
                   LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
                   DECLARE
                       first timestamptz := date_trunc('month', moment, 'UTC');
                       name text := 'exposure_event_' || to_char(moment AT TIME ZONE 'UTC', 'YYYY_MM');
                   BEGIN
                       -- What is there already, of before this migration, stays where it is.
                       IF to_regclass(name) IS NULL AND NOT EXISTS (
                           SELECT 1 FROM exposure_event_default
                           WHERE at >= first AND at < first + interval '1 month') THEN
                           EXECUTE format('CREATE TABLE %I PARTITION OF exposure_event FOR VALUES FROM (%L) TO (%L)',
                                          name, first, first + interval '1 month');
                       END IF;
                   END $$""",
                "SELECT exposure_event_month(now())",
                """INSERT INTO exposure_event (vulnerability_id, at, action, state, severity, risk_score)
                   SELECT id, least(first_seen, now()), 'created', state, severity, risk_score
                   FROM exposure_vulnerability""",
                """INSERT INTO exposure_day_rollup (day, first_seen_on, severity, state, total)
                   SELECT least(first_seen_on, (now() AT TIME ZONE 'UTC')::date), first_seen_on, severity, state, total
                   FROM exposure_rollup""",
                """INSERT INTO exposure_day_asset_rollup (day, worst_severity, assets, risk_sum)
                   SELECT (least(first_seen, now()) AT TIME ZONE 'UTC')::date, worst_severity, count(*), sum(risk_score)
                   FROM exposure_asset GROUP BY 1, 2""",
            ]
        ),
    ]
