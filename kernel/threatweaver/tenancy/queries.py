"""Reads of tenants for the platform's operators; in a control scope."""

from uuid import UUID

import asyncpg
from marshmallow import fields

from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing, Where, search

_COLUMNS = {
    "id": "t.id",
    "slug": "t.slug",
    "name": "t.name",
    "plan": "t.plan",
    "createdAt": "t.created_at",
    "suspendedAt": "t.suspended_at",
    "suspendedReason": "t.suspended_reason",
}

LISTING = Listing(
    source="tenant t",
    columns=_COLUMNS,
    where=(
        search("t.slug", "t.name"),
        Where("suspended", fields.Boolean(), "(t.suspended_at IS NOT NULL) = {}"),
    ),
    sort={"createdAt": "t.created_at", "slug": "t.slug", "name": "t.name"},
    default_sort="slug",
    id="t.id",
)


async def detail(tenant_id: UUID) -> asyncpg.Record | None:
    """Return one tenant with the number of its members and of its jobs under way, and its size in bytes."""
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in _COLUMNS.items())
    return await connection().fetchrow(
        f"""SELECT {columns},
                   (SELECT count(*) FROM membership WHERE tenant_id = t.id) AS members,
                   (SELECT count(*) FROM job
                    WHERE tenant_id = t.id AND status IN ('queued', 'running')) AS jobs,
                   (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = t.schema AND c.relkind = 'r') AS bytes
            FROM tenant t WHERE t.id = $1""",
        tenant_id,
    )
