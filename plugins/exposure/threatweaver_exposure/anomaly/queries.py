"""Reads of anomalies, and of the series that trends/queries.py does not have; the writing of what was found.

Each series is one statement over all its days: $1 are the days, one by one, $2 is the last of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.sdk import Listing, SeverityField, Where, any_of, connection, severity_name, uuid7
from threatweaver_exposure.anomaly.metrics import DIRECTIONS, METRICS
from threatweaver_exposure.anomaly.series import Finding
from threatweaver_exposure.intelligence.effective import KEV
from threatweaver_exposure.trends.periods import Period

Rows = Sequence[asyncpg.Record]
OPEN, ACKNOWLEDGED = "open", "acknowledged"
STATUSES = (OPEN, ACKNOWLEDGED)

LISTING = Listing(
    source="exposure_anomaly a",
    columns={
        "id": "a.id",
        "metric": "a.metric",
        "subject": "nullif(a.subject, '')",
        "day": "a.day",
        "direction": "a.direction",
        "severity": severity_name("a.severity"),
        "value": "a.value",
        "expected": "a.expected",
        "mad": "a.mad",
        "lower": "a.lower",
        "upper": "a.upper",
        "score": "a.score",
        "seasonal": "a.seasonal",
        "historyDays": "a.history_days",
        "status": f"CASE WHEN a.acknowledged_at IS NULL THEN '{OPEN}' ELSE '{ACKNOWLEDGED}' END",
        "detectedAt": "a.detected_at",
        "acknowledgedAt": "a.acknowledged_at",
        "acknowledgedBy": "a.acknowledged_by",
        "note": "a.note",
    },
    id="a.id",
    where=(
        any_of("metric", fields.String(validate=validate.OneOf(tuple(METRICS))), column="a.metric"),
        any_of("severity", SeverityField(), column="a.severity"),
        Where("direction", fields.String(validate=validate.OneOf(DIRECTIONS)), "a.direction = {}"),
        Where(
            "status",
            fields.String(validate=validate.OneOf(STATUSES)),
            f"(a.acknowledged_at IS NULL) = ({{}} = '{OPEN}')",
        ),
        Where("start_date", fields.Date(), "a.day >= {}"),
        Where("end_date", fields.Date(), "a.day <= {}"),
    ),
    sort={"day": "a.day::timestamp AT TIME ZONE 'UTC'", "severity": "a.severity"},
    default_sort="-day",
)

IMPORT_DAY = "(i.merged_at AT TIME ZONE 'UTC')::date"
_REPORTS = """exposure_import i WHERE i.merged_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND i.merged_at >= ($1::date[])[1]::timestamp AT TIME ZONE 'UTC'"""
# Known exploited definitions, and since when CISA lists one of their CVEs; -infinity is from the start.
LISTED = f"""(SELECT d.id, coalesce(min(k.added), '-infinity') AS since FROM exposure_definition d
    LEFT JOIN exposure_definition_cve c ON c.definition_id = d.id LEFT JOIN exposure_kev k ON k.cve = c.cve
    WHERE {KEV} GROUP BY d.id)"""
# What there is, and what was there until its import was reverted.
EVERY = """(SELECT id, asset_id, definition_id FROM exposure_vulnerability
    UNION ALL SELECT id, asset_id, definition_id FROM exposure_withdrawn)"""


async def exploited(period: Period) -> Rows:
    """Return by how much each part changed the number of active known exploited vulnerabilities.

    One counts from the day that it was active on and its CVE was listed, part 0 is what was before.
    """
    rows: Rows = await connection().fetch(
        f"""
        WITH stay AS (
            SELECT e.state, greatest((e.at AT TIME ZONE 'UTC')::date, l.since) AS since,
                   lead((e.at AT TIME ZONE 'UTC')::date) OVER (
                       PARTITION BY e.vulnerability_id ORDER BY e.at, e.id) AS until
            FROM {LISTED} l JOIN {EVERY} v ON v.definition_id = l.id
            JOIN exposure_event e ON e.vulnerability_id = v.id
        ), step AS (
            SELECT since AS day, 1 AS change FROM stay WHERE state <= 1 AND coalesce(until > since, true)
            UNION ALL
            SELECT until, -1 FROM stay WHERE state <= 1 AND until > since
        )
        SELECT width_bucket(day, $1::date[]) AS part, sum(change)::bigint AS total
        FROM step WHERE day <= $2 GROUP BY 1
        """,
        list(period.starts),
        period.end,
    )
    return rows


async def assets_seen(period: Period) -> Rows:
    """Return how many assets reports of each part saw; a part without any has no row."""
    rows: Rows = await connection().fetch(
        f"""SELECT width_bucket({IMPORT_DAY}, $1::date[]) AS part, count(DISTINCT s.asset_id) AS total
            FROM exposure_sighting s
            JOIN (SELECT id, merged_at FROM {_REPORTS} AND i.reverted_at IS NULL) i ON i.id = s.import_id
            GROUP BY 1""",
        list(period.starts),
        period.end,
    )
    return rows


async def reports(period: Period) -> Rows:
    """Return on which parts there were reports of which format, reverted ones included: they came."""
    rows: Rows = await connection().fetch(
        f"""SELECT DISTINCT width_bucket({IMPORT_DAY}, $1::date[]) AS part, i.format FROM {_REPORTS}""",
        list(period.starts),
        period.end,
    )
    return rows


async def first_report() -> date | None:
    """Return the day of the first report; None without any."""
    day: date | None = await connection().fetchval(
        f"SELECT min({IMPORT_DAY}) FROM exposure_import i WHERE i.merged_at IS NOT NULL"
    )
    return day


async def store(found: Iterable[Finding]) -> Rows:
    """Write what was found, and return the rows that are new, the worst first; whether each `continues` one.

    What is there already has the figures of this run from now on; its id and who has seen it stay.
    """
    columns = list(zip(*[tuple(asdict(item).values()) for item in found], strict=True))
    if not columns:
        return []
    rows: Rows = await connection().fetch(
        """
        WITH written AS (
            INSERT INTO exposure_anomaly AS a (id, metric, subject, day, direction, severity, value, expected,
                                               mad, lower, upper, score, seasonal, history_days, detected_at)
            SELECT *, now() FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::date[], $5::text[], $6::smallint[], $7::bigint[],
                $8::float8[], $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::bool[],
                $14::int[])
            ON CONFLICT (metric, subject, day) DO UPDATE
            SET (direction, severity, value, expected, mad, lower, upper, score, seasonal, history_days) =
                (EXCLUDED.direction, EXCLUDED.severity, EXCLUDED.value, EXCLUDED.expected, EXCLUDED.mad,
                 EXCLUDED.lower, EXCLUDED.upper, EXCLUDED.score, EXCLUDED.seasonal, EXCLUDED.history_days)
            RETURNING a.*, a.xmax = 0 AS added
        )
        SELECT id, metric, subject, day, direction, severity, value, EXISTS (
                   SELECT 1 FROM exposure_anomaly p
                   WHERE (p.metric, p.subject, p.direction, p.day) =
                         (w.metric, w.subject, w.direction, w.day - 1)) AS continues
        FROM written w WHERE added ORDER BY severity DESC, day DESC, metric, subject
        """,
        [uuid7() for _ in columns[0]],
        *columns,
    )
    return rows


async def acknowledge(anomaly_id: UUID, *, by: UUID, note: str | None) -> datetime | None:
    """Write who has seen an open anomaly, and return when; None if somebody has already."""
    at: datetime | None = await connection().fetchval(
        """UPDATE exposure_anomaly SET acknowledged_at = now(), acknowledged_by = $2, note = $3
           WHERE id = $1 AND acknowledged_at IS NULL RETURNING acknowledged_at""",
        anomaly_id,
        by,
        note,
    )
    return at
