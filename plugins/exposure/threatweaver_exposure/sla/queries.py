"""Reads for the time to fix, all by the day of first sighting."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.backlog.queries import by_day

DUE_SOON_DAYS = 7
WEEKS = 8

# Allowed days by severity, INFO first, as a table: a severity without them compares to nothing.
LIMITS = "unnest({}::int[]) WITH ORDINALITY AS l (days, place)"
BREACHED = "{first} < {day} - l.days"
"""Whether what was first seen on a day is in breach on another one."""


async def compliance(
    days: Sequence[int | None], today: date, query: Mapping[str, Any]
) -> Sequence[asyncpg.Record]:
    """Return how many active vulnerabilities there are by severity, breached and due soon, under filters.

    The last day on which one may still be open is that of its first sighting plus the allowed days.
    """
    counted, values = by_day(query)
    day = f"${len(values) + 1}::date"
    late = BREACHED.format(first="r.first_seen_on", day=day)
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT r.severity, sum(r.total)::bigint AS active,
                   coalesce(sum(r.total) FILTER (WHERE {late}), 0)::bigint AS breached,
                   coalesce(sum(r.total) FILTER (WHERE r.first_seen_on >= {day} - l.days
                       AND r.first_seen_on < {day} - l.days + {DUE_SOON_DAYS}), 0)::bigint AS due_soon
            FROM {counted} r JOIN {LIMITS.format(f"${len(values) + 2}")} ON l.place = r.severity + 1
            GROUP BY r.severity""",
        *values,
        today,
        days,
    )
    return rows


async def forecast(
    days: Sequence[int | None], today: date, query: Mapping[str, Any]
) -> Sequence[asyncpg.Record]:
    """Return how many will be breached first in which week, by severity, of the active under filters."""
    counted, values = by_day(query)
    day = f"${len(values) + 1}::date"
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT (b.ahead + 6) / 7 AS week, b.severity, sum(b.total)::bigint AS total FROM (
                SELECT r.severity, r.total, r.first_seen_on + l.days + 1 - {day} AS ahead
                FROM {counted} r JOIN {LIMITS.format(f"${len(values) + 2}")} ON l.place = r.severity + 1) b
            WHERE b.ahead BETWEEN 1 AND {7 * WEEKS} GROUP BY 1, 2""",
        *values,
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
