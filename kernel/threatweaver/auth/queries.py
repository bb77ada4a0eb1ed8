"""Reads that join users, memberships, tenants and sessions; in a control scope."""

from dataclasses import dataclass, fields
from uuid import UUID

import asyncpg

from threatweaver.auth.principal import SessionState
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


IDENTITY = """u.id AS user_id, u.email, u.name, m.role, t.id AS tenant_id, t.slug AS tenant_slug,
    t.plan AS tenant_plan, t.schema"""


_STATE = ("method", "signed_in_at", "mfa", "must_change_password", "last_seen_at")
MEMBER = "m.user_id = u.id AND m.deactivated_at IS NULL"


def identity(row: asyncpg.Record) -> Identity:
    """Return whom a row with the columns IDENTITY, among others, is about."""
    return Identity(**{item.name: row[item.name] for item in fields(Identity)})


async def memberships_of(user_id: UUID) -> list[Identity]:
    """Return a person's places, the most recently used first, then the oldest."""
    rows = await connection().fetch(
        f"""SELECT {IDENTITY} FROM user_account u
            JOIN membership m ON {MEMBER} JOIN tenant t ON t.id = m.tenant_id
            WHERE u.id = $1 AND u.is_active ORDER BY m.last_used_at DESC NULLS LAST, m.created_at, m.id""",
        user_id,
    )
    return [identity(row) for row in rows]


async def home_of(email: str) -> UUID | None:
    """Return the tenant that a person used last, None without one: where a failed sign-in is told."""
    home: UUID | None = await connection().fetchval(
        f"""SELECT m.tenant_id FROM user_account u JOIN membership m ON {MEMBER}
            WHERE u.email = $1 ORDER BY m.last_used_at DESC NULLS LAST, m.created_at LIMIT 1""",
        email,
    )
    return home


async def live_session(session_id: UUID) -> tuple[Identity, SessionState] | None:
    """Return whom a session stands for; None when it, the person, the membership or their time is over."""
    row = await connection().fetchrow(
        f"""SELECT {IDENTITY}, s.method, s.created_at AS signed_in_at, s.mfa, u.must_change_password,
                   s.last_seen_at
            FROM session s
            JOIN user_account u ON u.id = s.user_id AND u.is_active
            JOIN membership m ON {MEMBER} AND m.tenant_id = s.tenant_id
            JOIN tenant t ON t.id = s.tenant_id
            WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()
              AND coalesce(s.idle_expires_at > now(), true)""",
        session_id,
    )
    if row is None:
        return None
    return identity(row), SessionState(**{name: row[name] for name in _STATE})


async def end_surplus_sessions(user_id: UUID, tenant_id: UUID, most: int) -> None:
    """Revoke the oldest live sessions of a person in a tenant beyond the number that it allows."""
    await connection().execute(
        """UPDATE session SET revoked_at = now() WHERE id IN (
               SELECT id FROM session
               WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL AND expires_at > now()
               ORDER BY id DESC OFFSET $3)""",
        user_id,
        tenant_id,
        most,
    )


async def forget_old() -> None:
    """Delete what is over: each statement finds its rows by an index, and mostly none."""
    await connection().execute(
        """DELETE FROM session WHERE expires_at < now() - interval '30 days';
           DELETE FROM login_step WHERE expires_at < now();
           DELETE FROM mail_link WHERE expires_at < now();
           DELETE FROM registration WHERE expires_at < now();
           DELETE FROM sign_in_failure WHERE last_at < now() - interval '1 day';
           DELETE FROM familiar_source WHERE last_seen_at < now() - interval '90 days';
           DELETE FROM spent_nonce WHERE expires_at < now();
           DELETE FROM encryption_key WHERE expires_at < now() - interval '1 day'"""
    )


async def is_new_device(user_id: UUID, user_agent: str) -> bool:
    """Say whether a person signed in before, and never with this program, whatever its version."""
    return bool(
        await connection().fetchval(
            r"""SELECT count(*) > 0 AND NOT bool_or(
                    regexp_replace(user_agent, '[\d.]+', '', 'g') = regexp_replace($2, '[\d.]+', '', 'g'))
                FROM session WHERE user_id = $1""",
            user_id,
            user_agent[:300],
        )
    )
