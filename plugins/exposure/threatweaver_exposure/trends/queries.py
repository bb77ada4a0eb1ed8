"""Reads for courses: standings add the day rollups up, what happened is counted from events.

Every statement gets a period: $1 are the days its parts begin on, $2 is its last day; $3 are severities, NULL
for all. A part is a number from 1; 0 is what was before.

Sets of events are joined with each other by the vulnerability; looking up one by one what was before an
event took ten to a hundred times as long over a million events.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.trends.periods import Period

Rows = Sequence[asyncpg.Record]

_WITHIN = """{0}.at >= ($1::date[])[1]::timestamp AT TIME ZONE 'UTC'
    AND {0}.at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'"""
_PART = "width_bucket(({}.at AT TIME ZONE 'UTC')::date, $1::date[])"
_CHOSEN = "($3::smallint[] IS NULL OR {}.severity = ANY($3))"
_AGE = "(e.at AT TIME ZONE 'UTC')::date - (c.at AT TIME ZONE 'UTC')::date"
# An import reopens only what was fixed; people and time end acceptances.
_RETURNED = "{0}.action = 'reopened' AND {0}.import_id IS NOT NULL"


async def _fetch(statement: str, period: Period, *more: Any) -> Rows:
    rows: Rows = await connection().fetch(statement, list(period.starts), period.end, *more)
    return rows


async def flows(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return what happened by part and severity: created, closed and returned after it was fixed."""
    return await _fetch(
        f"""SELECT {_PART.format("e")} AS part, e.severity,
                   count(*) FILTER (WHERE e.action = 'created') AS created,
                   count(*) FILTER (WHERE e.action = 'closed') AS closed,
                   count(*) FILTER (WHERE {_RETURNED.format("e")}) AS returned
            FROM exposure_event e WHERE {_WITHIN.format("e")} AND {_CHOSEN.format("e")} GROUP BY 1, 2""",
        period,
        severities,
    )


async def young(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return by part and last severity how many of those created in a part are active at its end.

    Most have no later event in the part; those that do are taken off and added as their last one says.
    """
    return await _fetch(
        f"""
        WITH created AS NOT MATERIALIZED (
            SELECT e.vulnerability_id, e.severity, e.state, {_PART.format("e")} AS part
            FROM exposure_event e WHERE e.action = 'created' AND {_WITHIN.format("e")}
        ), changed AS (
            SELECT DISTINCT ON (e.vulnerability_id) c.part, c.severity AS old_severity, c.state AS old_state,
                   e.severity, e.state
            FROM created c JOIN exposure_event e USING (vulnerability_id)
            WHERE e.action <> 'created' AND {_WITHIN.format("e")} AND {_PART.format("e")} = c.part
            ORDER BY e.vulnerability_id, e.at DESC, e.id DESC
        )
        SELECT x.part, x.severity, sum(x.total)::bigint AS young
        FROM (
            SELECT part, severity, count(*) AS total FROM created WHERE state <= 1 GROUP BY 1, 2
            UNION ALL
            SELECT part, old_severity, -count(*) FROM changed WHERE old_state <= 1 GROUP BY 1, 2
            UNION ALL
            SELECT part, severity, count(*) FROM changed WHERE state <= 1 GROUP BY 1, 2
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
            WHERE r.state <= 1 AND r.day <= $2 AND {_CHOSEN.format("r")}
            GROUP BY 1, 2""",
        period,
        severities,
    )


async def risks(period: Period) -> Rows:
    """Return by how much each part changed assets and the sum of their risk scores, by worst severity."""
    return await _fetch(
        """SELECT width_bucket(day, $1::date[]) AS part, worst_severity, sum(assets)::bigint AS assets,
                  sum(risk_sum)::bigint AS risk
           FROM exposure_day_asset_rollup WHERE day <= $2 GROUP BY 1, 2""",
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
            FROM exposure_event e JOIN exposure_event c USING (vulnerability_id)
            WHERE e.action = 'closed' AND {_WITHIN.format("e")}
              AND c.action = 'created' AND c.at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
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
        SELECT e.severity, count(*) AS closed, count(e.back_at) AS returned,
               avg(extract(epoch FROM e.back_at - e.at)::float8 / 86400) AS mean
        FROM (
            SELECT DISTINCT ON (e.vulnerability_id) e.severity, e.at, n.at AS back_at
            FROM exposure_event e LEFT JOIN exposure_event n
                ON n.vulnerability_id = e.vulnerability_id AND (n.at, n.id) > (e.at, e.id)
                AND {_RETURNED.format("n")} AND {_WITHIN.format("n")}
            WHERE e.action = 'closed' AND {_WITHIN.format("e")}
            ORDER BY e.vulnerability_id, e.at, e.id, n.at, n.id
        ) e WHERE {_CHOSEN.format("e")} GROUP BY GROUPING SETS ((e.severity), ())
        """,
        period,
        severities,
    )


async def cohorts(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return how many vulnerabilities each part created, and how many of them were active from the start."""
    return await _fetch(
        f"""SELECT {_PART.format("e")} AS part, count(*) AS created,
                   count(*) FILTER (WHERE e.state <= 1) AS active
            FROM exposure_event e
            WHERE e.action = 'created' AND {_WITHIN.format("e")} AND {_CHOSEN.format("e")} GROUP BY 1""",
        period,
        severities,
    )


async def survival(period: Period, severities: Sequence[int] | None, ages: Sequence[int]) -> Rows:
    """Return by how many the active ones of each part were more or less, after each age in days."""
    return await _fetch(
        f"""
        WITH changed AS (
            SELECT {_PART.format("c")} AS part, e.state,
                   {_AGE} AS age,
                   lag(e.state, 1, c.state)
                       OVER (PARTITION BY e.vulnerability_id ORDER BY e.at, e.id) AS old_state
            FROM exposure_event c JOIN exposure_event e USING (vulnerability_id)
            WHERE c.action = 'created' AND {_WITHIN.format("c")} AND {_CHOSEN.format("c")}
              AND e.action <> 'created' AND {_WITHIN.format("e")}
              AND {_AGE} <= (SELECT max(a) FROM unnest($4::int[]) a)
        )
        SELECT x.part, a.age, sum((x.state <= 1)::int - (x.old_state <= 1)::int)::bigint AS total
        FROM changed x JOIN unnest($4::int[]) a(age) ON x.age <= a.age
        WHERE (x.state <= 1) <> (x.old_state <= 1) GROUP BY 1, 2
        """,
        period,
        severities,
        list(ages),
    )


async def first_day() -> date | None:
    """Return the day that history begins with; None where nothing happened yet."""
    day: date | None = await connection().fetchval("SELECT min(day) FROM exposure_day_asset_rollup")
    return day
