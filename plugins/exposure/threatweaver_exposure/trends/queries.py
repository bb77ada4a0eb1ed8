"""Reads for courses: what stood and what happened is added up from rollups; what ended, read from events.

Every statement gets a period: $1 are the days its parts begin on, $2 is its last day; $3 are severities, NULL
for all. A part is a number from 1; 0 is what was before.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.daily.queries import RETURNED
from threatweaver_exposure.trends.periods import Period

Rows = Sequence[asyncpg.Record]

_WITHIN = """{0}.at >= ($1::date[])[1]::timestamp AT TIME ZONE 'UTC'
    AND {0}.at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'"""
_DAYS = "r.day >= ($1::date[])[1] AND r.day <= $2"
_PART = "width_bucket({}, $1::date[])"
_CHOSEN = "($3::smallint[] IS NULL OR {}.severity = ANY($3))"

CLOSINGS = f"""
    SELECT DISTINCT ON (e.vulnerability_id) e.vulnerability_id, e.severity,
           extract(epoch FROM e.at - c.at)::float8 / 86400 AS days
    FROM exposure_event e JOIN exposure_event c USING (vulnerability_id)
    WHERE e.action = 'closed' AND {_WITHIN.format("e")}
      AND c.action = 'created' AND c.at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
    ORDER BY e.vulnerability_id, e.at DESC, e.id DESC"""
"""The last closing of each vulnerability in the period, and the days since its creation."""


async def _fetch(statement: str, period: Period, *more: Any) -> Rows:
    rows: Rows = await connection().fetch(statement, list(period.starts), period.end, *more)
    return rows


async def flows(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return what happened by part and severity: created, closed and returned after it was fixed."""
    return await _fetch(
        f"""SELECT {_PART.format("r.day")} AS part, r.severity, sum(r.created)::bigint AS created,
                   sum(r.closed)::bigint AS closed, sum(r.returned)::bigint AS returned
            FROM exposure_flow_rollup r WHERE {_DAYS} AND {_CHOSEN.format("r")} GROUP BY 1, 2""",
        period,
        severities,
    )


async def young(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return by part and last severity how many of those created in a part are active at its end."""
    return await _fetch(
        f"""SELECT {_PART.format("r.day")} AS part, r.severity, sum(r.active)::bigint AS young
            FROM exposure_flow_rollup r
            WHERE {_DAYS} AND {_CHOSEN.format("r")}
              AND {_PART.format("r.created_on")} = {_PART.format("r.day")}
            GROUP BY 1, 2""",
        period,
        severities,
    )


async def active(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return by how much each part changed the number of active vulnerabilities, by severity."""
    return await _fetch(
        f"""SELECT {_PART.format("r.day")} AS part, r.severity, sum(r.total)::bigint AS total
            FROM exposure_day_rollup r
            WHERE r.state <= 1 AND r.day <= $2 AND {_CHOSEN.format("r")}
            GROUP BY 1, 2""",
        period,
        severities,
    )


async def bands(period: Period, severities: Sequence[int] | None, least: Sequence[int]) -> Rows:
    """Return by how much each part changed the number of active vulnerabilities, by band of their scores.

    `least` are the scores that the bands above 0 begin with.
    """
    return await _fetch(
        f"""SELECT {_PART.format("r.day")} AS part, width_bucket(r.risk_score::int, $4::int[]) AS band,
                   sum(r.active)::bigint AS total
            FROM exposure_score_rollup r WHERE r.day <= $2 AND {_CHOSEN.format("r")} GROUP BY 1, 2""",
        period,
        severities,
        list(least),
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
        FROM ({CLOSINGS}) e WHERE {_CHOSEN.format("e")} GROUP BY GROUPING SETS ((e.severity), ())
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
                AND {RETURNED.format("n")} AND {_WITHIN.format("n")}
            WHERE e.action = 'closed' AND {_WITHIN.format("e")}
            ORDER BY e.vulnerability_id, e.at, e.id, n.at, n.id
        ) e WHERE {_CHOSEN.format("e")} GROUP BY GROUPING SETS ((e.severity), ())
        """,
        period,
        severities,
    )


async def cohorts(period: Period, severities: Sequence[int] | None) -> Rows:
    """Return how many vulnerabilities each part created, with the severities they had then."""
    return await _fetch(
        f"""SELECT {_PART.format("r.day")} AS part, sum(r.created)::bigint AS created
            FROM exposure_flow_rollup r WHERE {_DAYS} AND {_CHOSEN.format("r")} GROUP BY 1""",
        period,
        severities,
    )


async def survival(period: Period, severities: Sequence[int] | None, ages: Sequence[int]) -> Rows:
    """Return how many of those that each part created were active after each age in days."""
    return await _fetch(
        f"""SELECT {_PART.format("r.created_on")} AS part, a.age, sum(r.active)::bigint AS active
            FROM exposure_flow_rollup r JOIN unnest($4::int[]) a(age) ON r.day - r.created_on <= a.age
            WHERE {_DAYS} AND r.created_on >= ($1::date[])[1]
              AND ($3::smallint[] IS NULL OR r.born_severity = ANY($3))
            GROUP BY 1, 2""",
        period,
        severities,
        list(ages),
    )


async def first_day() -> date | None:
    """Return the day that history begins with; None where nothing happened yet."""
    day: date | None = await connection().fetchval("SELECT min(day) FROM exposure_day_asset_rollup")
    return day
