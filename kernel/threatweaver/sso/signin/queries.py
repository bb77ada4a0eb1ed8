"""Finding the account that an assertion is about; in a control scope."""

import re
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7
from threatweaver.sso.asserted import Asserted
from threatweaver.sso.models import SsoProvider

_ADDRESS = re.compile(r"[^@\s\x00-\x1f<>,;:\"]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


def is_address(email: str) -> bool:
    """Say whether this is one plain e-mail address."""
    return len(email) <= 254 and _ADDRESS.fullmatch(email) is not None


async def person(provider: SsoProvider, who: Asserted) -> asyncpg.Record | None:
    """Return the account that is linked to this subject, else the one with this address, else None.

    With it: its membership in the provider's tenant, or NULL.
    """
    return await connection().fetchrow(
        """WITH linked AS (
               SELECT user_id FROM sso_identity WHERE provider_id = $1 AND subject = $2),
           found AS (
               SELECT user_id, true AS linked FROM linked
               UNION ALL
               SELECT id, false FROM user_account WHERE email = $3 AND NOT EXISTS (SELECT 1 FROM linked))
           SELECT f.user_id, f.linked, m.id AS membership_id, m.role,
               coalesce(m.break_glass, false) AS break_glass,
               (m.deactivated_at IS NOT NULL OR NOT u.is_active) AS deactivated
           FROM found f JOIN user_account u ON u.id = f.user_id
           LEFT JOIN membership m ON m.user_id = f.user_id AND m.tenant_id = $4""",
        provider.id,
        who.subject,
        who.email,
        provider.tenant_id,
    )


async def provisioned_groups(provider: SsoProvider, user_id: UUID) -> list[str]:
    """Return the names of the groups that SCIM has put a person in."""
    rows = await connection().fetch(
        """SELECT g.display_name FROM scim_member x JOIN scim_group g ON g.id = x.group_id
           WHERE x.user_id = $1 AND g.tenant_id = $2""",
        user_id,
        provider.tenant_id,
    )
    return [row["display_name"] for row in rows]


async def link(provider: SsoProvider, user_id: UUID, subject: str) -> None:
    """Remember the person under this subject."""
    await connection().execute(
        """INSERT INTO sso_identity (id, provider_id, tenant_id, user_id, subject, created_at, last_seen_at)
           VALUES ($1, $2, $3, $4, $5, now(), now())
           ON CONFLICT (provider_id, subject) DO UPDATE SET last_seen_at = now()""",
        uuid7(),
        provider.id,
        provider.tenant_id,
        user_id,
        subject,
    )


async def use_once(key: str, until: datetime) -> bool:
    """Remember a key until then; False when it was used before, on whatever process."""
    fresh = await connection().fetchval(
        """INSERT INTO sso_used (key, expires_at) VALUES ($1, $2)
           ON CONFLICT (key) DO NOTHING RETURNING true""",
        key,
        until,
    )
    await connection().execute(
        """DELETE FROM sso_used WHERE key IN (SELECT key FROM sso_used
           WHERE expires_at < $1 ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)""",
        datetime.now(UTC),
    )
    return bool(fresh)
