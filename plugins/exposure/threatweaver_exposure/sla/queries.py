"""Reads for the time to fix, all from the rollup by the day of first sighting."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection

DUE_SOON_DAYS = 7
WEEKS = 8

# Allowed days by severity, INFO first, as a table: a severity without them compares to nothing.
_LIMITS = "unnest({}::int[]) WITH ORDINALITY AS l (days, place)"


async def compliance(
    days: Sequence[int | None], today: date, as_of: date | None = None
) -> Sequence[asyncpg.Record]:
    """Return how many active vulnerabilities there are by severity, breached and due soon, as of a day.

    The last day on which one may still be open is that of its first sighting plus the allowed days.
    """
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT r.severity, sum(r.total)::bigint AS active,
                   coalesce(sum(r.total) FILTER (WHERE r.first_seen_on < $1::date - l.days), 0)::bigint
                       AS breached,
                   coalesce(sum(r.total) FILTER (WHERE r.first_seen_on >= $1::date - l.days
                       AND r.first_seen_on < $1::date - l.days + {DUE_SOON_DAYS}), 0)::bigint AS due_soon
            FROM {"exposure_rollup" if as_of is None else "exposure_day_rollup"} r
            JOIN {_LIMITS.format("$2")} ON l.place = r.severity + 1
            WHERE r.state <= 1 AND {"$3::date IS NULL" if as_of is None else "r.day <= $3"}
            GROUP BY r.severity""",
        today,
        days,
        as_of,
    )
    return rows


async def forecast(days: Sequence[int | None], today: date) -> Sequence[asyncpg.Record]:
    """Return how many active vulnerabilities will be breached first in which week from now, by severity."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT (b.ahead + 6) / 7 AS week, b.severity, sum(b.total)::bigint AS total FROM (
                SELECT r.severity, r.total, r.first_seen_on + l.days + 1 - $1::date AS ahead
                FROM exposure_rollup r JOIN {_LIMITS.format("$2")} ON l.place = r.severity + 1
                WHERE r.state <= 1) b
            WHERE b.ahead BETWEEN 1 AND {7 * WEEKS} GROUP BY 1, 2""",
        today,
        days,
    )
    return rows


async def store_policy(days: Sequence[int | None], *, by: UUID) -> datetime:
    """Write the policy, allowed days by severity with INFO first, and return when."""
    at: datetime = await connection().fetchval(
        """INSERT INTO exposure_sla_policy (id, info, low, medium, high, critical, updated_by, updated_at)
           VALUES (1, $1, $2, $3, $4, $5, $6, now())
           ON CONFLICT (id) DO UPDATE SET info = $1, low = $2, medium = $3, high = $4, critical = $5,
               updated_by = $6, updated_at = now()
           RETURNING updated_at""",
        *days,
        by,
    )
    return at
