"""Statements on the buckets, in a control scope; the database's clock decides when a window ends."""

from dataclasses import dataclass

import asyncpg

from threatweaver.db.transaction import connection
from threatweaver.ratelimits.rules import Rule

_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bucket after a draw: all that was asked of it in this window, refused draws included."""

    used: int
    reset: float  # Unix seconds
    left: float  # seconds


async def draw(rule: Rule, subject: str, portion: int) -> Drawn:
    """Take a portion from a bucket, opening a new window if its last has ended; atomic."""
    row = await connection().fetchrow(
        """INSERT INTO rate_bucket AS held (id, name, subject, used, resets_at)
           VALUES ($1 || ' ' || $2, $1, $2, $3, now() + make_interval(secs => $4))
           ON CONFLICT (id) DO UPDATE SET
               used = CASE WHEN held.resets_at > now() THEN least(held.used + $3, $5) ELSE $3 END,
               resets_at = CASE WHEN held.resets_at > now() THEN held.resets_at ELSE excluded.resets_at END
           RETURNING used, extract(epoch FROM resets_at)::float8 AS reset,
                     extract(epoch FROM resets_at - now())::float8 AS left""",
        rule.name,
        subject,
        portion,
        float(rule.seconds),
        _MOST,
    )
    return Drawn(**dict(row))


async def page(client: str | None, *, limit: int, offset: int) -> tuple[list[asyncpg.Record], int]:
    """Return the buckets whose window is open, of one client or of all, fullest first; and their number."""
    where = "resets_at > now() AND ($1::text IS NULL OR subject = $1)"
    rows = await connection().fetch(
        f"""SELECT name, subject, used, resets_at FROM rate_bucket WHERE {where}
            ORDER BY used DESC, id LIMIT $2 OFFSET $3""",
        client,
        limit,
        offset,
    )
    total = await connection().fetchval(f"SELECT count(*) FROM rate_bucket WHERE {where}", client)
    return rows, total


async def empty(subject: str) -> int:
    """Forget what a client used; return the number of its buckets."""
    status = await connection().execute("DELETE FROM rate_bucket WHERE subject = $1", subject)
    return int(status.split()[1])


async def sweep() -> None:
    """Remove some of the buckets whose window has ended."""
    await connection().execute(
        """DELETE FROM rate_bucket WHERE id IN (
               SELECT id FROM rate_bucket WHERE resets_at < now() LIMIT 5000 FOR UPDATE SKIP LOCKED)"""
    )
