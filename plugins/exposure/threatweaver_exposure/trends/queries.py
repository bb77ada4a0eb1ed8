"""Reads for courses: standings add the day rollups up, what happened is counted from events.

Every statement gets a period as $1 the days its parts begin on, $2 the first day and $3 the last one; $4 are
severities, NULL for all. A part is a number from 1; 0 is what was before.

What became of those that came into being in a part is not looked up one by one: their number is that of the
created ones, plus what later events added to it and took from it. Most vulnerabilities have no later event.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.trends.periods import Period

Rows = Sequence[asyncpg.Record]

_WITHIN = """e.at >= $2::date::timestamp AT TIME ZONE 'UTC'
    AND e.at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'"""
_PART = "width_bucket(({}.at AT TIME ZONE 'UTC')::date, $1::date[])"
_CHOSEN = "($4::smallint[] IS NULL OR {}.severity = ANY($4))"

# The event before an event, and the one that a vulnerability began with.
_BEFORE = """JOIN LATERAL (
    SELECT o.state, o.severity FROM exposure_event o WHERE o.vulnerability_id = e.vulnerability_id
    AND (o.at, o.id) < (e.at, e.id) ORDER BY o.at DESC, o.id DESC LIMIT 1) b ON true"""
_CREATED = """JOIN LATERAL (
    SELECT o.at, o.severity FROM exposure_event o WHERE o.vulnerability_id = e.vulnerability_id
    ORDER BY o.at, o.id LIMIT 1) c ON true"""


async def _fetch(statement: str, period: Period, *more: Any) -> Rows:
    values = (list(period.starts), period.first, period.end, *more)
    rows: Rows = await connection().fetch(statement, *values)
    return rows


async def flows(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return what happened by part and severity: created, closed and returned after it was fixed.

    `young` are those created in the part that are active at its end.
    """
    return await _fetch(
        f"""
        WITH changed AS (
            SELECT {_PART.format("e")} AS part, e.action, e.state, e.severity, b.state AS old_state,
                   b.severity AS old_severity, {_PART.format("c")} = {_PART.format("e")} AS young
            FROM exposure_event e {_BEFORE} {_CREATED}
            WHERE e.action <> 'created' AND {_WITHIN}
        )
        SELECT x.part, x.severity, sum(created)::bigint AS created, sum(closed)::bigint AS closed,
               sum(returned)::bigint AS returned, sum(young)::bigint AS young
        FROM (
            SELECT {_PART.format("e")} AS part, e.severity, count(*) AS created, 0 AS closed, 0 AS returned,
                   count(*) FILTER (WHERE e.state <= 1) AS young
            FROM exposure_event e WHERE e.action = 'created' AND {_WITHIN} GROUP BY 1, 2
            UNION ALL
            SELECT part, severity, 0, count(*) FILTER (WHERE action = 'closed'),
                   count(*) FILTER (WHERE action = 'reopened' AND old_state = 3),
                   count(*) FILTER (WHERE young AND state <= 1)
            FROM changed GROUP BY 1, 2
            UNION ALL
            SELECT part, old_severity, 0, 0, 0, -count(*) FROM changed WHERE young AND old_state <= 1
            GROUP BY 1, 2
        ) x WHERE {_CHOSEN.format("x")} GROUP BY 1, 2
        """,
        period,
        severities,
    )


async def active(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return by how much each part changed the number of active vulnerabilities, by severity."""
    return await _fetch(
        f"""SELECT width_bucket(r.day, $1::date[]) AS part, r.severity, sum(r.total)::bigint AS total
            FROM exposure_day_rollup r
            WHERE r.state <= 1 AND $2::date IS NOT NULL AND r.day <= $3 AND {_CHOSEN.format("r")}
            GROUP BY 1, 2""",
        period,
        severities,
    )


async def risks(period: Period) -> Rows:
    """Return by how much each part changed assets and the sum of their risk scores, by worst severity."""
    return await _fetch(
        """SELECT width_bucket(day, $1::date[]) AS part, worst_severity, sum(assets)::bigint AS assets,
                  sum(risk_sum)::bigint AS risk
           FROM exposure_day_asset_rollup WHERE $2::date IS NOT NULL AND day <= $3 GROUP BY 1, 2""",
        period,
    )


async def times_to_close(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return days from creation to closing, by severity; a vulnerability counts once, by its last closing.

    The row without a severity is that of all.
    """
    return await _fetch(
        f"""
        SELECT e.severity, count(*) AS closed, avg(e.days) AS mean,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY e.days) AS median
        FROM (
            SELECT DISTINCT ON (e.vulnerability_id) e.severity,
                   extract(epoch FROM e.at - c.at)::float8 / 86400 AS days
            FROM exposure_event e {_CREATED}
            WHERE e.action = 'closed' AND {_WITHIN} AND $1::date[] IS NOT NULL
            ORDER BY e.vulnerability_id, e.at DESC, e.id DESC
        ) e WHERE {_CHOSEN.format("e")} GROUP BY GROUPING SETS ((e.severity), ())
        """,
        period,
        severities,
    )


async def returns(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return how many vulnerabilities were closed, and how many of them came back until the period's end.

    By severity, the row without one is that of all. A vulnerability counts once, by its first closing.
    """
    return await _fetch(
        f"""
        SELECT e.severity, count(*) AS closed, count(n.at) AS returned,
               avg(extract(epoch FROM n.at - e.at)::float8 / 86400) AS mean
        FROM (
            SELECT DISTINCT ON (e.vulnerability_id) e.vulnerability_id, e.severity, e.at, e.id
            FROM exposure_event e WHERE e.action = 'closed' AND {_WITHIN} AND $1::date[] IS NOT NULL
            ORDER BY e.vulnerability_id, e.at, e.id
        ) e LEFT JOIN LATERAL (
            SELECT o.at FROM exposure_event o
            WHERE o.vulnerability_id = e.vulnerability_id AND o.action = 'reopened'
              AND (o.at, o.id) > (e.at, e.id) AND o.at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
            ORDER BY o.at, o.id LIMIT 1
        ) n ON true
        WHERE {_CHOSEN.format("e")} GROUP BY GROUPING SETS ((e.severity), ())
        """,
        period,
        severities,
    )


async def cohorts(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return how many vulnerabilities each part created, and how many of them were active from the start."""
    return await _fetch(
        f"""SELECT {_PART.format("e")} AS part, count(*) AS created,
                   count(*) FILTER (WHERE e.state <= 1) AS active
            FROM exposure_event e WHERE e.action = 'created' AND {_WITHIN} AND {_CHOSEN.format("e")}
            GROUP BY 1""",
        period,
        severities,
    )


async def survival(period: Period, severities: Sequence[int] | None, ages: Sequence[int]) -> Rows:
    """Return by how many the active ones of each part were more or less, after each age in days."""
    return await _fetch(
        f"""
        SELECT {_PART.format("c")} AS part, a.age,
               sum((e.state <= 1)::int - (b.state <= 1)::int)::bigint AS total
        FROM exposure_event e {_BEFORE} {_CREATED}
        JOIN unnest($5::int[]) a(age)
            ON (e.at AT TIME ZONE 'UTC')::date <= (c.at AT TIME ZONE 'UTC')::date + a.age
        WHERE e.action <> 'created' AND {_WITHIN} AND (e.state <= 1) <> (b.state <= 1)
          AND c.at >= $2::date::timestamp AT TIME ZONE 'UTC' AND {_CHOSEN.format("c")}
        GROUP BY 1, 2
        """,
        period,
        severities,
        list(ages),
    )


async def first_day() -> date | None:
    """Return the day that history begins with; None where nothing happened yet."""
    day: date | None = await connection().fetchval("SELECT min(day) FROM exposure_day_asset_rollup")
    return day
