"""Reads of the settings; `latest_of` works in any scope that may read the schema."""

from typing import Any

import asyncpg
import orjson

from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing

HISTORY = Listing(
    source="settings_version",
    columns={
        "version": "version",
        "changes": "changes",
        "reason": "reason",
        "changedAt": "changed_at",
        "changedBy": "changed_by",
        "changedByEmail": "changed_by_email",
    },
    sort={"changedAt": "changed_at"},
    default_sort="-changedAt",
)


async def latest() -> asyncpg.Record | None:
    """Return the newest version of the tenant of this scope, None when everything is as declared."""
    return await connection().fetchrow(
        """SELECT version, values, changed_at, changed_by, changed_by_email
           FROM settings_version ORDER BY version DESC LIMIT 1"""
    )


async def latest_of(schema: str) -> dict[str, Any]:
    """Return the stored members of a tenant's newest version."""
    stored = await connection().fetchval(
        f'SELECT values FROM "{schema}".settings_version ORDER BY version DESC LIMIT 1'
    )
    members: dict[str, Any] = orjson.loads(stored) if stored else {}
    return members


async def lock() -> None:
    """Let one change at a time pass in this tenant, until the end of the transaction."""
    await connection().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('settings ' || current_schema(), 42))"
    )
