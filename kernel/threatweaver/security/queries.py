"""Reads of sessions, lockouts and posture, of one tenant; in a control scope."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marshmallow import fields

from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing, eq, given, search

SESSIONS = Listing(
    source="session s JOIN user_account u ON u.id = s.user_id",
    columns={
        "id": "s.id",
        "userId": "s.user_id",
        "email": "u.email",
        "method": "s.method",
        "mfa": "s.mfa",
        "address": "s.address",
        "userAgent": "s.user_agent",
        "createdAt": "s.created_at",
        "lastSeenAt": "s.last_seen_at",
        "expiresAt": "s.expires_at",
    },
    id="s.id",
    where=(
        given("tenant_id", "s.tenant_id = {}"),
        eq("user_id", fields.UUID(), column="s.user_id"),
        search("u.email", "s.address"),
    ),
    sort={"createdAt": "s.created_at"},
    default_sort="-createdAt",
    always="s.revoked_at IS NULL AND s.expires_at > now() AND coalesce(s.idle_expires_at > now(), true)",
)

# What the lockout calls strangers to an account (auth/lockout/service.py); its keys are hashes.
_STRANGERS = r"encode(sha256(convert_to(lower(u.email) || E'\npassword\nstranger', 'UTF8')), 'hex')"


async def revoke_session(tenant_id: UUID, session_id: UUID) -> UUID | None:
    """End a live session of the tenant; return whose it was."""
    owner: UUID | None = await connection().fetchval(
        """UPDATE session SET revoked_at = now()
           WHERE id = $1 AND tenant_id = $2 AND revoked_at IS NULL AND expires_at > now()
           RETURNING user_id""",
        session_id,
        tenant_id,
    )
    return owner


async def lockouts(tenant_id: UUID) -> Sequence[Mapping[str, Any]]:
    """Return the members whose account makes strangers wait right now."""
    rows: Sequence[Mapping[str, Any]] = await connection().fetch(
        f"""SELECT u.id AS "userId", u.email, f.failures, f.blocked_until AS "blockedUntil"
            FROM membership m JOIN user_account u ON u.id = m.user_id
            JOIN sign_in_failure f ON f.key = {_STRANGERS}
            WHERE m.tenant_id = $1 AND f.blocked_until > now() ORDER BY f.blocked_until DESC LIMIT 500""",
        tenant_id,
    )
    return rows


async def clear_lockout(tenant_id: UUID, user_id: UUID) -> bool:
    """Forget the attempts of strangers on a member's account; return whether there is such a member."""
    member = await connection().fetchval(
        """SELECT u.id FROM membership m JOIN user_account u ON u.id = m.user_id
           WHERE m.tenant_id = $1 AND u.id = $2""",
        tenant_id,
        user_id,
    )
    if member is None:
        return False
    await connection().execute(
        f"DELETE FROM sign_in_failure f USING user_account u WHERE u.id = $1 AND f.key = {_STRANGERS}",
        user_id,
    )
    return True


async def posture(tenant_id: UUID) -> Mapping[str, int]:
    """Return the counts behind the checks."""
    row: Mapping[str, int] = await connection().fetchrow(
        """SELECT count(*) FILTER (WHERE u.mfa_enabled_at IS NULL) AS no_mfa,
                  count(*) FILTER (WHERE u.mfa_enabled_at IS NULL AND m.role = 'admin') AS admins_no_mfa,
                  count(*) FILTER (WHERE m.break_glass) AS break_glass,
                  count(*) FILTER (WHERE m.break_glass AND u.mfa_enabled_at IS NULL) AS break_glass_no_mfa,
                  count(*) FILTER (WHERE m.role = 'admin') AS admins,
                  count(*) FILTER (WHERE coalesce(m.last_used_at, m.created_at) < now() - interval '90 days')
                    AS idle,
                  (SELECT count(*) FROM api_token k WHERE k.tenant_id = $1 AND k.revoked_at IS NULL
                     AND k.expires_at <= now()) AS expired_tokens,
                  (SELECT count(*) FROM api_token k WHERE k.tenant_id = $1 AND k.revoked_at IS NULL
                     AND k.expires_at > now() AND cardinality(k.addresses) = 0) AS unbound_tokens
           FROM membership m JOIN user_account u ON u.id = m.user_id AND u.is_active
           WHERE m.tenant_id = $1 AND m.deactivated_at IS NULL""",
        tenant_id,
    )
    return row
