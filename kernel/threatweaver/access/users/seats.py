"""Seats of the license: how many people of the installation may be active."""

from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.access.users.errors import SeatsExhausted
from threatweaver.admin.license.queries import seats_used
from threatweaver.db.transaction import connection

if TYPE_CHECKING:
    from threatweaver.license.current import CurrentLicense


async def take(license_: "CurrentLicense", user_id: UUID | None = None) -> None:
    """Make sure that one more person fits, in a control scope, before they are made or let in again.

    Whoever is active in some tenant has a seat. Without a license there is no limit. The lock is held until
    the transaction's end, so that two who come at once do not both get the last seat. Raises SeatsExhausted.
    """
    if license_.claims is None:
        return
    await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('seats', 42))")
    seated = user_id is not None and await connection().fetchval(
        "SELECT true FROM membership WHERE user_id = $1 AND deactivated_at IS NULL LIMIT 1", user_id
    )
    if not seated and await seats_used() >= license_.claims.seats:
        raise SeatsExhausted(seats=license_.claims.seats)
