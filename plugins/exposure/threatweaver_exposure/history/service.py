"""Keeping history: called where vulnerabilities change, in the same transaction.

It reads the temporary table vulnerability_change (dashboard/service.py), of which `id` and `risk_score`, too.
"""

from datetime import datetime
from uuid import UUID

from threatweaver.sdk import announce, connection

TOPIC = "exposure.changes"
"""What is announced to who follows the feed of changes."""

# Between two events nothing that a list shows as of a day has changed.
_TELLING = """(action IN ('created', 'reopened', 'accepted', 'closed', 'rescored', 'withdrawn',
               'moved', 'merged', 'split', 'restored')
    OR action = 'reverted'
       AND (severity, risk_score, new_state) IS DISTINCT FROM (old_severity, old_risk_score, old_state)
    OR action = 'updated' AND (severity, risk_score) IS DISTINCT FROM (old_severity, old_risk_score))"""
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('exposure.merge:' || current_schema(), 42))"


async def take_turn() -> None:
    """Wait until nobody else of the tenant changes vulnerabilities, and be the one who does until the commit.

    No row is counted twice, and times and numbers of events follow the order of commits.
    """
    await connection().execute(_TURN)


async def moment() -> datetime:
    """Return the time of a change: later than that of every other change of the tenant."""
    at: datetime = await connection().fetchval(
        # Whoever changes vulnerabilities has the turn already; no event may be without.
        f"""WITH turn AS MATERIALIZED ({_TURN}),
                 now AS MATERIALIZED (SELECT clock_timestamp() AS at FROM turn)
            SELECT at FROM now, exposure_event_month(at)"""
    )
    return at


async def record(
    at: datetime, state_after: str, *, import_id: UUID | None = None, actor_id: UUID | None = None
) -> None:
    """Write an event for each change; `state_after` is SQL for the state that an action leads to."""
    await connection().execute(
        f"""INSERT INTO exposure_event (vulnerability_id, at, action, state, severity, risk_score,
                                        import_id, actor_id)
            SELECT id, $1, action, {state_after}, severity, risk_score, $2, $3
            FROM vulnerability_change WHERE {_TELLING}
            ORDER BY CASE action WHEN 'closed' THEN 2 WHEN 'rescored' THEN 1 ELSE 0 END""",
        at,
        import_id,
        actor_id,
    )
    await announce(TOPIC)


async def forget_marked() -> None:
    """Take what is about to be deleted, in the table `removal` (id), out of the numbers of every past day."""
    await connection().execute(
        """
        INSERT INTO exposure_day_rollup AS r (day, first_seen_on, severity, state, total)
        SELECT day, first_seen_on, severity, state, -sum(delta) FROM (
            SELECT (e.at AT TIME ZONE 'UTC')::date AS day,
                   (v.first_seen AT TIME ZONE 'UTC')::date AS first_seen_on, e.severity, e.state,
                   1 AS delta, e.id
            FROM exposure_event e JOIN removal m ON m.id = e.vulnerability_id
            JOIN exposure_vulnerability v ON v.id = m.id WHERE e.state <> 4
            UNION ALL
            SELECT (n.at AT TIME ZONE 'UTC')::date, (v.first_seen AT TIME ZONE 'UTC')::date,
                   e.severity, e.state, -1, e.id
            FROM exposure_event e JOIN removal m ON m.id = e.vulnerability_id
            JOIN exposure_vulnerability v ON v.id = m.id
            JOIN LATERAL (SELECT at FROM exposure_event n WHERE n.vulnerability_id = e.vulnerability_id
                          AND (n.at, n.id) > (e.at, e.id) ORDER BY n.at, n.id LIMIT 1) n ON true
            WHERE e.state <> 4
        ) moved GROUP BY day, first_seen_on, severity, state HAVING sum(delta) <> 0
        ON CONFLICT (day, first_seen_on, severity, state) DO UPDATE SET total = r.total + EXCLUDED.total;
        DELETE FROM exposure_day_rollup WHERE total = 0;
        """
    )
