"""Reads that join users, memberships, tenants and sessions; in a control scope."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from threatweaver.db.transaction import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person in one tenant."""

    user_id: UUID
    email: str
    name: str
    role: str
    tenant_id: UUID
    tenant_slug: str
    tenant_plan: str
    schema: str


_COLUMNS = """u.id AS user_id, u.email, u.name, m.role, t.id AS tenant_id, t.slug AS tenant_slug,
    t.plan AS tenant_plan, t.schema"""


def _identity(row: asyncpg.Record) -> Identity:
    return Identity(**dict(row))


async def memberships_of(user_id: UUID) -> list[Identity]:
    """Return a person's places, oldest first."""
    rows = await connection().fetch(
        f"""SELECT {_COLUMNS} FROM user_account u
            JOIN membership m ON m.user_id = u.id JOIN tenant t ON t.id = m.tenant_id
            WHERE u.id = $1 AND u.is_active ORDER BY m.created_at, m.id""",
        user_id,
    )
    return [_identity(row) for row in rows]


async def identity_of_session(session_id: UUID) -> Identity | None:
    """Return whom a live session stands for; None when it, the person or the membership is gone."""
    row = await connection().fetchrow(
        f"""SELECT {_COLUMNS} FROM session s
            JOIN user_account u ON u.id = s.user_id AND u.is_active
            JOIN membership m ON m.user_id = u.id AND m.tenant_id = s.tenant_id
            JOIN tenant t ON t.id = s.tenant_id
            WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()""",
        session_id,
    )
    return _identity(row) if row else None
