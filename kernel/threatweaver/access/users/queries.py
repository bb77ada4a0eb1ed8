"""Reads of a tenant's users; in a control scope."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing, Where, eq, given, search

_ACTIVE = "(m.deactivated_at IS NULL AND u.is_active)"

LISTING = Listing(
    source="membership m JOIN user_account u ON u.id = m.user_id",
    columns={
        "id": "u.id",
        "email": "u.email",
        "name": "u.name",
        "role": "m.role",
        "active": _ACTIVE,
        "emailVerified": "(u.email_verified_at IS NOT NULL)",
        "mfaEnabled": "(u.mfa_enabled_at IS NOT NULL)",
        "createdAt": "m.created_at",
        "lastUsedAt": "m.last_used_at",
        "deactivatedAt": "m.deactivated_at",
    },
    id="u.id",
    where=(
        given("tenant_id", "m.tenant_id = {}"),
        eq("role", fields.String(validate=validate.Length(1, 64)), column="m.role"),
        Where("active", fields.Boolean(), f"{_ACTIVE} = {{}}"),
        search("u.email", "u.name"),
    ),
    sort={"email": "u.email", "name": "u.name", "createdAt": "m.created_at"},
    default_sort="email",
)


async def export(tenant_id: UUID) -> Sequence[asyncpg.Record]:
    """Return every user of the tenant under their wire names, by e-mail address."""
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in LISTING.columns.items())
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"SELECT {columns} FROM {LISTING.source} WHERE m.tenant_id = $1 ORDER BY u.email", tenant_id
    )
    return rows


async def active_admins(tenant_id: UUID) -> int:
    """Return how many members with the role admin can sign in."""
    return int(
        await connection().fetchval(
            f"""SELECT count(*) FROM membership m JOIN user_account u ON u.id = m.user_id
                WHERE m.tenant_id = $1 AND m.role = 'admin' AND {_ACTIVE}""",
            tenant_id,
        )
    )


async def sessions(tenant_id: UUID, user_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the live sessions of a user in this tenant, the newest first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        """SELECT id, method, mfa, address, user_agent AS "userAgent", created_at AS "createdAt",
                  last_seen_at AS "lastSeenAt", expires_at AS "expiresAt"
           FROM session WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL AND expires_at > now()
           ORDER BY created_at DESC, id DESC""",
        user_id,
        tenant_id,
    )
    return rows


async def end_sessions(tenant_id: UUID, user_id: UUID) -> None:
    """Revoke the sessions of a user in this tenant."""
    await connection().execute(
        "UPDATE session SET revoked_at = now() WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL",
        user_id,
        tenant_id,
    )


async def end_tokens(tenant_id: UUID, user_id: UUID) -> None:
    """Revoke the API tokens of a user in this tenant."""
    await connection().execute(
        """UPDATE api_token SET revoked_at = now()
           WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL""",
        user_id,
        tenant_id,
    )
