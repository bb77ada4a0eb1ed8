"""Statements on a person's sessions; in a control scope."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from threatweaver.db.transaction import connection

_LIVE = """revoked_at IS NULL AND expires_at > now() AND coalesce(idle_expires_at > now(), true)"""


async def touch(session_id: UUID, now: datetime, idle: timedelta) -> None:
    """Note that a session is in use; another request may have done so already."""
    await connection().execute(
        """UPDATE session SET last_seen_at = $2::timestamptz, idle_expires_at = $2::timestamptz + $3::interval
           WHERE id = $1 AND coalesce(last_seen_at < $2::timestamptz - interval '30 seconds', true)""",
        session_id,
        now,
        idle,
    )


async def hold(session_id: UUID) -> bool:
    """Keep a session from ending until the transaction does; False when it has ended."""
    held = await connection().fetchval(
        "SELECT true FROM session WHERE id = $1 AND revoked_at IS NULL FOR SHARE", session_id
    )
    return bool(held)


async def live_of(user_id: UUID, current: UUID | None, only: UUID | None) -> list[asyncpg.Record]:
    """Return a person's live sessions, only of one tenant if it is given, the newest first."""
    rows: list[asyncpg.Record] = await connection().fetch(
        f"""SELECT s.id, t.slug AS "tenantSlug", s.method, s.mfa, s.address, s.user_agent AS "userAgent",
                   s.created_at AS "createdAt", s.last_seen_at AS "lastSeenAt", s.expires_at AS "expiresAt",
                   coalesce(s.id = $2, false) AS current
            FROM session s JOIN tenant t ON t.id = s.tenant_id
            WHERE s.user_id = $1 AND ($3::uuid IS NULL OR s.tenant_id = $3) AND {_LIVE}
            ORDER BY s.created_at DESC, s.id DESC""",
        user_id,
        current,
        only,
    )
    return rows


async def revoke(user_id: UUID, session_id: UUID, only: UUID | None) -> bool:
    """End a live session of a person; say whether there was one."""
    ended = await connection().fetchval(
        f"""UPDATE session SET revoked_at = now()
            WHERE id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR tenant_id = $3) AND {_LIVE}
            RETURNING true""",
        session_id,
        user_id,
        only,
    )
    return bool(ended)


async def revoke_others(user_id: UUID, but: UUID | None, only: UUID | None) -> int:
    """End a person's sessions but one; return how many."""
    status = await connection().execute(
        """UPDATE session SET revoked_at = now()
           WHERE user_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id <> $2)
             AND ($3::uuid IS NULL OR tenant_id = $3)""",
        user_id,
        but,
        only,
    )
    return int(status.split()[-1])
