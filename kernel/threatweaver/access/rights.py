"""What a person may do: the role of their membership and every grant, evaluated together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from threatweaver.access.errors import BeyondYourRights
from threatweaver.auth.principal import Principal
from threatweaver.db.transaction import connection

Roles = Mapping[str, frozenset[str]]
"""Documented role → names of its permissions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Permissions that hold everywhere, and those that hold for the rows of some asset groups and tags."""

    everywhere: frozenset[str]
    scoped: Mapping[str, frozenset[UUID]]

    @property
    def names(self) -> frozenset[str]:
        """Return every permission, wherever it holds."""
        return self.everywhere.union(self.scoped)

    def only(self, names: frozenset[str]) -> "Rights":
        """Return the part of the rights that an API token with these scopes has."""
        scoped = {name: ids for name, ids in self.scoped.items() if name in names}
        return Rights(everywhere=self.everywhere & names, scoped=scoped)


async def evaluate(documented: Roles, *, schema: str, user_id: UUID, role: str) -> Rights:
    """Return the rights of a member with this role, in one statement; in a control or the tenant's scope."""
    rows = await connection().fetch(
        f"""SELECT g.role, g.scope_id, r.permissions
            FROM (SELECT $2::varchar AS role, NULL::uuid AS scope_id
                  UNION SELECT role, scope_id FROM "{schema}".access_grant WHERE user_id = $1
                  UNION SELECT g.role, g.scope_id FROM "{schema}".access_group_member m
                        JOIN "{schema}".access_grant g ON g.group_id = m.group_id WHERE m.user_id = $1) g
            LEFT JOIN "{schema}".access_role r ON r.name = g.role""",
        user_id,
        role,
    )
    everywhere: set[str] = set()
    scoped: dict[str, set[UUID]] = {}
    for name, scope_id, custom in rows:
        held = documented.get(name) or frozenset(custom or ())
        if scope_id is None:
            everywhere |= held
        else:
            for permission in held:
                scoped.setdefault(permission, set()).add(scope_id)
    narrowed = {name: frozenset(ids) for name, ids in scoped.items() if name not in everywhere}
    return Rights(everywhere=frozenset(everywhere), scoped=narrowed)


def refuse_beyond(caller: Principal, *needed: Iterable[str]) -> None:
    """Raise BeyondYourRights unless the caller holds all of this in the whole tenant.

    Whoever acts on a role, a grant, a group or a user holds everything it gives, before and after.
    """
    if missing := frozenset().union(*needed) - caller.permissions:
        raise BeyondYourRights(missing)


async def serialize(tenant_id: UUID) -> None:
    """Wait until nobody else changes who may do what in the tenant; held until the transaction's end."""
    await connection().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('access:' || $1::text, 42))", str(tenant_id)
    )
