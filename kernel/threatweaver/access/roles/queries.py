"""What the control schema knows of a tenant's roles."""

from uuid import UUID

from threatweaver.db.transaction import connection


async def held(tenant_id: UUID) -> set[str]:
    """Return the roles of memberships, deactivated ones too, and of open invitations; in a control scope."""
    rows = await connection().fetch(
        """SELECT role FROM membership WHERE tenant_id = $1
           UNION SELECT role FROM invitation WHERE tenant_id = $1
                 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()""",
        tenant_id,
    )
    return {row["role"] for row in rows}
