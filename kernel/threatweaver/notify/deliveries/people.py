"""The people of a tenant, read from the control schema."""

from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.db.transaction import connection
from threatweaver.notify.deliveries.plan import Audience

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatweaver.kernel import Kernel

_MEMBERS = """FROM membership m JOIN user_account u ON u.id = m.user_id
              WHERE m.tenant_id = $1 AND u.is_active"""


async def audience(kernel: "Kernel", tenant_id: UUID) -> Audience:
    """Return every active member of a tenant and what they may hear of."""
    async with kernel.database.control(read_only=True):
        rows = await connection().fetch(f"SELECT m.user_id, m.role {_MEMBERS}", tenant_id)
    members = [(row["user_id"], row["role"]) for row in rows]
    return Audience(members=members, allowed=allowed(kernel, {role for _, role in members}))


def allowed(kernel: "Kernel", roles: "Iterable[str]") -> list[tuple[str, str, str]]:
    """Return (role, event, mode at first) of every event that a role may hear of."""
    events, grants = kernel.registry.notification_events.values(), kernel.registry.grants
    return [
        (role, event.name, event.default.value)
        for role in roles
        for event in events
        if event.permission is None or event.permission in grants.get(role, ())
    ]


async def addresses(kernel: "Kernel", tenant_id: UUID, user_ids: list[UUID]) -> dict[UUID, str]:
    """Return the mail addresses of those who are still active members."""
    async with kernel.database.control(read_only=True):
        rows = await connection().fetch(
            f"SELECT m.user_id, u.email {_MEMBERS} AND m.user_id = ANY ($2)", tenant_id, user_ids
        )
    return {row["user_id"]: row["email"] for row in rows}
