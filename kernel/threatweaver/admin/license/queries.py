"""What a license is measured by; in a control scope."""

from threatweaver.db.transaction import connection


async def seats_used() -> int:
    """Return how many people of the installation hold a seat: active accounts that are in some tenant."""
    return int(
        await connection().fetchval(
            """SELECT count(*) FROM user_account u
               WHERE u.is_active AND EXISTS (
                   SELECT FROM membership m WHERE m.user_id = u.id AND m.deactivated_at IS NULL)"""
        )
    )


async def tenants() -> int:
    """Return how many tenants there are."""
    return int(await connection().fetchval("SELECT count(*) FROM tenant"))
