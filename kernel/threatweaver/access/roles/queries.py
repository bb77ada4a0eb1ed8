"""What the control schema knows of a tenant's roles."""

from uuid import UUID

from threatweaver.db.transaction import connection


async def held(tenant_id: UUID) -> set[str]:
    """Return the roles that memberships have, deactivated ones included; in a control scope."""
    rows = await connection().fetch("SELECT DISTINCT role FROM membership WHERE tenant_id = $1", tenant_id)
    return {row["role"] for row in rows}
