"""Statements on the kept answers, in a control scope."""

import asyncpg

from threatweaver.db.transaction import connection


async def lock(answer_id: str) -> bool:
    """Hold a key until the transaction ends; False when another one holds it."""
    return bool(
        await connection().fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 43))", answer_id)
    )


async def find(answer_id: str) -> asyncpg.Record | None:
    """Return the kept answer, None when there is none or its day is over."""
    return await connection().fetchrow(
        """SELECT fingerprint, status, content_type, location, body FROM idempotent_answer
           WHERE id = $1 AND expires_at > now()""",
        answer_id,
    )


async def store(
    answer_id: str,
    fingerprint: str,
    *,
    status: int | None = None,
    content_type: str = "",
    location: str = "",
    body: str | None = None,
) -> None:
    """Keep an answer for a day, or without a status the claim to give one; remove a few whose day is over."""
    await connection().execute(
        """INSERT INTO idempotent_answer (id, fingerprint, status, content_type, location, body, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, now() + interval '24 hours')
           ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
               content_type = excluded.content_type, location = excluded.location, body = excluded.body,
               expires_at = excluded.expires_at""",
        answer_id,
        fingerprint,
        status,
        content_type,
        location,
        body,
    )
    await connection().execute(
        """DELETE FROM idempotent_answer WHERE id IN (
               SELECT id FROM idempotent_answer WHERE expires_at < now() LIMIT 20 FOR UPDATE SKIP LOCKED)"""
    )


async def forget(answer_id: str) -> None:
    """Give a claim back."""
    await connection().execute("DELETE FROM idempotent_answer WHERE id = $1", answer_id)
