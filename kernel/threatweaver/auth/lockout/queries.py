"""Counting attempts, exactly over all processes; in a control scope."""

from uuid import UUID

from threatweaver.db.transaction import connection

FREE = 10
"""Attempts before the first delay: as many as the edge lets one address make in its window."""
LONGEST = 900  # seconds


async def familiar(keys: list[str]) -> set[str]:
    """Return which of these sources are known for their account."""
    rows = await connection().fetch("SELECT key FROM familiar_source WHERE key = ANY($1)", keys)
    return {row["key"] for row in rows}


async def count(key: str) -> int | None:
    """Count an attempt before it is checked; None while the source must wait.

    Every attempt from the tenth on makes the next one wait, twice as long each time, LONGEST at most.
    The row's lock puts parallel attempts in line, so that none of them slips by.
    """
    failures: int | None = await connection().fetchval(
        """INSERT INTO sign_in_failure AS f (key, failures, blocked_until, last_at)
           VALUES ($1, 1, clock_timestamp(), clock_timestamp())
           ON CONFLICT (key) DO UPDATE SET
               failures = f.failures + 1,
               last_at = clock_timestamp(),
               blocked_until = clock_timestamp() + make_interval(secs =>
                   CASE WHEN f.failures + 1 < $2 THEN 0
                        ELSE least($3, power(2, least(f.failures + 1 - $2, 20))) END)
           WHERE f.blocked_until <= clock_timestamp()
           RETURNING failures""",
        key,
        FREE,
        LONGEST,
    )
    return failures


async def wait(key: str) -> int:
    """Return the seconds that a source must wait, at least one."""
    left: float | None = await connection().fetchval(
        "SELECT extract(epoch FROM blocked_until - clock_timestamp())::float8 FROM sign_in_failure"
        " WHERE key = $1",
        key,
    )
    return max(1, int(left or 0) + 1)


async def reset(key: str) -> None:
    """Forget the attempts of a source: the last one was good."""
    await connection().execute("DELETE FROM sign_in_failure WHERE key = $1", key)


async def remember(user_id: UUID, keys: list[str]) -> None:
    """Make sources familiar for an account, or note that they were seen again."""
    await connection().execute(
        """INSERT INTO familiar_source (key, user_id, last_seen_at)
           SELECT key, $1, now() FROM unnest($2::text[]) AS key
           ON CONFLICT (key) DO UPDATE SET last_seen_at = now()""",
        user_id,
        keys,
    )
