"""The people of a tenant and what they may hear of; a right in a part of the tenant is none here."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.db.transaction import connection
from threatweaver.notify.deliveries.plan import Audience

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel
    from threatweaver.tenancy.models import Tenant

_MEMBERS = """FROM membership m JOIN user_account u ON u.id = m.user_id
              WHERE m.tenant_id = $1 AND u.is_active"""
_SELF = "self"


async def audience(kernel: "Kernel", tenant: "Tenant") -> Audience:
    """Return every active member of a tenant with all their roles, and what these may hear of."""
    schema = tenant.schema
    async with kernel.database.control(read_only=True):
        rows = await connection().fetch(
            f"""WITH member AS (SELECT m.user_id, m.role {_MEMBERS})
                SELECT user_id, role FROM member
                UNION SELECT m.user_id, g.role FROM "{schema}".access_grant g JOIN member m USING (user_id)
                      WHERE g.scope_id IS NULL
                UNION SELECT m.user_id, g.role FROM "{schema}".access_grant g
                      JOIN "{schema}".access_group_member p USING (group_id)
                      JOIN member m ON m.user_id = p.user_id WHERE g.scope_id IS NULL""",
            tenant.id,
        )
        custom = await connection().fetch(f'SELECT name, permissions FROM "{schema}".access_role')
    roles = {**{row["name"]: frozenset(row["permissions"]) for row in custom}, **kernel.registry.grants}
    return Audience(members=[(row["user_id"], row["role"]) for row in rows], allowed=_allowed(kernel, roles))


def alone(kernel: "Kernel", user_id: UUID, permissions: frozenset[str]) -> Audience:
    """Return one person with these permissions."""
    return Audience(members=[(user_id, _SELF)], allowed=_allowed(kernel, {_SELF: permissions}))


def choices(kernel: "Kernel", permissions: Iterable[str]) -> dict[str, str]:
    """Return event → mode at first, of every event that somebody with these permissions may hear of."""
    return {event: mode for _, event, mode in _allowed(kernel, {_SELF: frozenset(permissions)})}


def _allowed(kernel: "Kernel", roles: Mapping[str, frozenset[str]]) -> list[tuple[str, str, str]]:
    return [
        (role, event.name, event.default.value)
        for role, permissions in roles.items()
        for event in kernel.registry.notification_events.values()
        if event.permission is None or event.permission in permissions
    ]


async def addresses(kernel: "Kernel", tenant_id: UUID, user_ids: list[UUID]) -> dict[UUID, str]:
    """Return the mail addresses of those who are still active members."""
    async with kernel.database.control(read_only=True):
        rows = await connection().fetch(
            f"SELECT m.user_id, u.email {_MEMBERS} AND m.user_id = ANY ($2)", tenant_id, user_ids
        )
    return {row["user_id"]: row["email"] for row in rows}
