"""Sums of what events say by day, for figures over time, and of vulnerabilities by definition, for lists.

What is there by now is added up from all rows.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0020_anomaly")]

    operations = [
        ops.CreateModel(
            name="FlowRollup",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField()),
                ("created_on", fields.DateField()),
                ("born_severity", fields.SmallIntField()),
                ("severity", fields.SmallIntField()),
                ("created", fields.BigIntField()),
                ("closed", fields.BigIntField()),
                ("returned", fields.BigIntField()),
                ("active", fields.BigIntField()),
            ],
            options={
                "table": "exposure_flow_rollup",
                "app": "exposure",
                "unique_together": (("day", "created_on", "born_severity", "severity"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ScoreRollup",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField()),
                ("severity", fields.SmallIntField()),
                ("risk_score", fields.SmallIntField()),
                ("active", fields.BigIntField()),
            ],
            options={
                "table": "exposure_score_rollup",
                "app": "exposure",
                "unique_together": (("day", "severity", "risk_score"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DefinitionRollup",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("definition_id", fields.IntField()),
                ("severity", fields.SmallIntField()),
                ("state", fields.SmallIntField()),
                ("total", fields.BigIntField()),
                ("risk_sum", fields.BigIntField()),
            ],
            options={
                "table": "exposure_definition_rollup",
                "app": "exposure",
                "unique_together": (("definition_id", "severity", "state"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                """INSERT INTO exposure_definition_rollup (definition_id, severity, state, total, risk_sum)
                   SELECT definition_id, severity, state, count(*), sum(risk_score) FROM exposure_vulnerability
                   GROUP BY 1, 2, 3""",
                # Few events, and what looks for them knows only when.
                """CREATE INDEX exposure_event_ended ON exposure_event (at, vulnerability_id)
                   WHERE action IN ('closed', 'reopened')""",
                """WITH step AS (
                       SELECT e.*, lag(e.severity) OVER history AS old_severity, lag(e.state) OVER history AS old_state
                       FROM exposure_event e WINDOW history AS (PARTITION BY e.vulnerability_id ORDER BY e.at, e.id)
                   ), born AS (
                       SELECT e.vulnerability_id, (e.at AT TIME ZONE 'UTC')::date AS created_on, e.severity
                       FROM exposure_event e WHERE e.action = 'created'
                   ), told AS (
                       SELECT (s.at AT TIME ZONE 'UTC')::date AS day, coalesce(b.created_on, '-infinity') AS created_on,
                              coalesce(b.severity, s.severity) AS born_severity, s.severity,
                              s.action = 'created' AS created, s.action = 'closed' AS closed,
                              s.action = 'reopened' AND s.import_id IS NOT NULL AS returned,
                              s.state <= 1 AND b.created_on IS NOT NULL AS active,
                              s.old_severity, s.old_state <= 1 AND b.created_on IS NOT NULL AS was_active
                       FROM step s LEFT JOIN born b USING (vulnerability_id)
                   )
                   INSERT INTO exposure_flow_rollup (day, created_on, born_severity, severity,
                                                     created, closed, returned, active)
                   SELECT day, created_on, born_severity, severity,
                          sum(created), sum(closed), sum(returned), sum(active)
                   FROM (
                       SELECT day, created_on, born_severity, severity,
                              created::int, closed::int, returned::int, active::int FROM told
                       UNION ALL
                       SELECT day, created_on, born_severity, old_severity, 0, 0, 0, -1 FROM told WHERE was_active
                   ) x GROUP BY 1, 2, 3, 4
                   HAVING (sum(created), sum(closed), sum(returned), sum(active)) <> (0, 0, 0, 0)""",
                """INSERT INTO exposure_score_rollup (day, severity, risk_score, active)
                   SELECT day, severity, risk_score, sum(step) FROM (
                       SELECT (e.at AT TIME ZONE 'UTC')::date AS day, e.severity, e.risk_score, 1 AS step
                       FROM exposure_event e WHERE e.state <= 1
                       UNION ALL
                       SELECT (e.at AT TIME ZONE 'UTC')::date, e.old_severity, e.old_risk_score, -1
                       FROM (SELECT e.at, lag(e.severity) OVER history AS old_severity,
                                    lag(e.state) OVER history AS old_state,
                                    lag(e.risk_score) OVER history AS old_risk_score
                             FROM exposure_event e
                             WINDOW history AS (PARTITION BY e.vulnerability_id ORDER BY e.at, e.id)) e
                       WHERE e.old_state <= 1
                   ) x GROUP BY 1, 2, 3 HAVING sum(step) <> 0""",
            ]
        ),
    ]
