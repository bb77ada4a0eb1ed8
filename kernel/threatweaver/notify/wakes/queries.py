"""Statements on wakes; but for `now`, in a control scope."""

from datetime import datetime
from uuid import UUID

from threatweaver.db.transaction import CONTROL, connection, current, in_control


async def now() -> None:
    """Have the tenant's notifications looked at within the minute, if its transaction commits.

    An INSERT that waits for nobody: a long import must not hold up a sign-in.
    """
    schema = current("tenant").schema
    await in_control(
        f"""INSERT INTO {CONTROL}.notification_wake (tenant_id, due_at)
            SELECT id, now() FROM {CONTROL}.tenant WHERE schema = '{schema}'"""
    )


async def at(tenant_id: UUID, moment: datetime) -> None:
    """Have a tenant's notifications looked at then, unless they are before, which looks at this again."""
    await connection().execute(
        """INSERT INTO notification_wake (tenant_id, due_at)
           SELECT $1, $2 WHERE NOT EXISTS (
               SELECT FROM notification_wake WHERE tenant_id = $1 AND due_at > now() AND due_at <= $2)""",
        tenant_id,
        moment,
    )


async def tenants() -> list[UUID]:
    """Return the tenants whose moment has come."""
    rows = await connection().fetch("SELECT DISTINCT tenant_id FROM notification_wake WHERE due_at <= now()")
    return [row["tenant_id"] for row in rows]


async def due(tenant_id: UUID) -> list[int]:
    """Return the ids of a tenant's moments that have come."""
    rows = await connection().fetch(
        "SELECT id FROM notification_wake WHERE tenant_id = $1 AND due_at <= now()", tenant_id
    )
    return [row["id"] for row in rows]


async def done(ids: list[int]) -> None:
    """Forget moments that were looked at; what was added meanwhile stays."""
    await connection().execute("DELETE FROM notification_wake WHERE id = ANY($1)", ids)
