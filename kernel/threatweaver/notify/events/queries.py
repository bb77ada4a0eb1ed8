"""Deciding what is told: repetitions and floods are not."""

from collections.abc import Iterable
from uuid import UUID

from threatweaver.db.transaction import connection
from threatweaver.notify.events.catalog import SUPPRESSED, NotificationEvent
from threatweaver.notify.events.models import EventStatus


async def lock() -> None:
    """Let one worker at a time decide for this tenant, until the end of the transaction."""
    await connection().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('notify ' || current_schema(), 42))"
    )


async def pending() -> bool:
    """Say whether there are events that nobody has looked at."""
    return bool(
        await connection().fetchval("SELECT EXISTS (SELECT FROM notification_event WHERE status = 'pending')")
    )


async def decide(catalog: Iterable[NotificationEvent], *, hourly: int) -> dict[EventStatus, list[UUID]]:
    """Accept pending events, but not what is known already, and at most `hourly` an hour; return their ids.

    The most severe pass first. Events for one person do not count, nor the one that tells of the limit: no
    flood must hide them.
    """
    declared = list(catalog)
    rows = await connection().fetch(
        """
        WITH pending AS (
            SELECT e.id, e.severity, e.user_id IS NULL AND e.name <> $4 AS counts,
                   e.key <> '' AND (
                       row_number() OVER (PARTITION BY e.name, e.key ORDER BY e.occurred_at, e.id) > 1
                       OR EXISTS (SELECT FROM notification_event a
                                  WHERE a.status = 'accepted' AND a.name = e.name AND a.key = e.key
                                    AND a.occurred_at > e.occurred_at - make_interval(secs => w.seconds))
                   ) AS repeated
            FROM notification_event e
            LEFT JOIN unnest($1::text[], $2::float[]) AS w(name, seconds) ON w.name = e.name
            WHERE e.status = 'pending'
        ), ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY repeated, counts ORDER BY severity DESC, id) AS nth
            FROM pending
        ), lately AS (
            SELECT count(*) AS accepted FROM notification_event
            WHERE status = 'accepted' AND user_id IS NULL AND name <> $4
              AND occurred_at > now() - interval '1 hour'
        ), decided AS (
            UPDATE notification_event e
            SET status = CASE WHEN r.repeated THEN 'repeated'
                              WHEN r.counts AND r.nth > $3 - l.accepted THEN 'suppressed'
                              ELSE 'accepted' END
            FROM ranked r, lately l WHERE e.id = r.id
            RETURNING e.id, e.status
        )
        SELECT status, array_agg(id) AS ids FROM decided GROUP BY status
        """,
        [event.name for event in declared],
        [event.window.total_seconds() for event in declared],
        hourly,
        SUPPRESSED.name,
    )
    return {EventStatus(row["status"]): row["ids"] for row in rows}


async def count_lately(*, days: int) -> dict[EventStatus, int]:
    """Return what became of how many events of the last days."""
    rows = await connection().fetch(
        """SELECT status, count(*) AS events FROM notification_event
           WHERE occurred_at > now() - make_interval(days => $1) GROUP BY status""",
        days,
    )
    return {EventStatus(row["status"]): row["events"] for row in rows}
