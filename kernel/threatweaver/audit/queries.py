"""Reads of the log in the current scope: the tenant's, or control's."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from threatweaver.audit.roots import Root, text_of
from threatweaver.db.transaction import connection

# Names of an export and of the chain's canonical form.
WIRE = """id AS seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
    actor_id::text AS "actorId", actor_email AS "actorEmail", token_id::text AS "tokenId", via, action,
    target, outcome, method, path, status, request_id AS "requestId", address, user_agent AS "userAgent",
    before::text AS before, after::text AS after, encode(hash, 'hex') AS hash"""


async def lines(*, after: int, until: int, limit: int) -> Sequence[Any]:
    """Return the next lines behind `after`, at most up to `until`, in the names of an export."""
    rows: Sequence[Any] = await connection().fetch(
        f"SELECT {WIRE} FROM audit_line WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3", after, until, limit
    )
    return rows


async def head() -> tuple[int, bytes]:
    """Return number and hash of the last line."""
    row = await connection().fetchrow("SELECT seq, hash FROM audit_head")
    return row["seq"], row["hash"]


async def roots(*, after: int, until: int | None = None) -> list[Root]:
    """Return the roots signed behind line `after` up to line `until`, in the order of the chain."""
    rows = await connection().fetch(
        """SELECT at, seq, hash, key_id, signature FROM audit_root
           WHERE seq > $1 AND ($2::bigint IS NULL OR seq <= $2) ORDER BY seq, at, id""",
        after,
        until,
    )
    return [_root(row) for row in rows]


async def root_of(day: date) -> Root | None:
    """Return the last root that was signed on a day (UTC)."""
    row = await connection().fetchrow(
        """SELECT at, seq, hash, key_id, signature FROM audit_root
           WHERE at >= $1::date::timestamp AT TIME ZONE 'UTC'
             AND at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
           ORDER BY at DESC LIMIT 1""",
        day,
    )
    return _root(row) if row else None


def _root(row: Mapping[str, Any]) -> Root:
    return Root(**{**row, "at": text_of(row["at"])})


CUT = """SELECT '{schema}' AS log FROM (VALUES (1)) AS one
    LEFT JOIN {schema}.audit_head head ON true
    LEFT JOIN (SELECT id, hash FROM {schema}.audit_line ORDER BY id DESC LIMIT 1) last ON true
    WHERE head.seq IS DISTINCT FROM coalesce(last.id, 0) OR head.hash <> last.hash"""
"""The log of a schema, if its last line is not the one that its head names."""


async def last_signed() -> int:
    """Return the highest line that a root signs, 0 without a root."""
    return int(await connection().fetchval("SELECT coalesce(max(seq), 0) FROM audit_root"))
