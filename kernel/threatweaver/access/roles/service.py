"""Reading and making roles. No request, no schema, no status code; in the tenant's scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from threatweaver.access.errors import UnknownPermission
from threatweaver.access.models import CustomRole, Grant
from threatweaver.access.rights import Roles, refuse_beyond, serialize
from threatweaver.access.roles.errors import NoSuchRole, RoleExists, RoleInUse, RoleIsDocumented
from threatweaver.auth.principal import Principal
from threatweaver.auth.roles import TITLES, Role
from threatweaver.db.transaction import connection
from threatweaver.http.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """A role of either kind; a documented one has an id of its own in each tenant, and no times."""

    id: UUID
    name: str
    title: str
    description: str
    permissions: list[str]
    documented: bool
    created_at: datetime | None = None
    updated_at: datetime | None = None


def documented_roles(documented: Roles, tenant_id: UUID) -> list[RoleView]:
    """Return the seven documented roles."""
    return [
        RoleView(
            id=uuid5(tenant_id, role),
            name=role.value,
            title=TITLES[role],
            description="",
            permissions=sorted(documented[role.value]),
            documented=True,
        )
        for role in Role
    ]


async def all_roles(documented: Roles, tenant_id: UUID) -> list[RoleView]:
    """Return every role of the tenant, the documented ones first."""
    return [*documented_roles(documented, tenant_id), *map(_view, await CustomRole.all().order_by("name"))]


async def one(
    documented: Roles,
    tenant_id: UUID,
    *,
    id: UUID | None = None,  # noqa: A002 - the role's
    name: str | None = None,
) -> RoleView:
    """Return the role with this id or name, or both. Raises NotFound."""
    for role in await all_roles(documented, tenant_id):
        if (id is None or role.id == id) and (name is None or role.name == name):
            return role
    raise NotFound


async def permissions_of(documented: Roles, *, schema: str, name: str) -> frozenset[str]:
    """Return what a role gives; in a control or the tenant's scope. Raises NoSuchRole."""
    if name in documented:
        return documented[name]
    row = await connection().fetchrow(f'SELECT permissions FROM "{schema}".access_role WHERE name = $1', name)
    if row is None:
        raise NoSuchRole
    return frozenset(row["permissions"])


async def create(
    caller: Principal, documented: Roles, *, name: str, permissions: Sequence[str], **rest: Any
) -> RoleView:
    """Make a role of declared permissions that the caller holds.

    Raises RoleExists, UnknownPermission, BeyondYourRights.
    """
    _check(caller, documented, permissions)
    await serialize(caller.tenant_id)
    if name in documented or await CustomRole.exists(name=name):
        raise RoleExists
    return _view(await CustomRole.create(name=name, permissions=sorted(set(permissions)), **rest))


async def update(
    caller: Principal, documented: Roles, role: RoleView, changes: Mapping[str, Any]
) -> RoleView:
    """Change title, description or permissions of a role that the tenant made.

    Raises NotFound, RoleIsDocumented, UnknownPermission, BeyondYourRights.
    """
    if role.documented:
        raise RoleIsDocumented
    await serialize(caller.tenant_id)
    row = await CustomRole.filter(id=role.id).select_for_update().first()
    if row is None:
        raise NotFound
    wanted = changes.get("permissions", row.permissions)
    _check(caller, documented, set(wanted) - set(row.permissions))
    refuse_beyond(caller, row.permissions)
    await row.update_from_dict({**changes, "permissions": sorted(set(wanted))}).save()
    return _view(row)


async def delete(caller: Principal, role: RoleView) -> None:
    """Remove a role that the tenant made and that no grant names. Raises RoleIsDocumented and kin."""
    if role.documented:
        raise RoleIsDocumented
    refuse_beyond(caller, role.permissions)
    if await Grant.exists(role=role.name):
        raise RoleInUse
    await CustomRole.filter(id=role.id).delete()


def _check(caller: Principal, documented: Roles, permissions: Sequence[str] | set[str]) -> None:
    if unknown := set(permissions) - documented[Role.ADMIN]:
        raise UnknownPermission(unknown)
    refuse_beyond(caller, permissions)


def _view(row: CustomRole) -> RoleView:
    return RoleView(
        id=row.id,
        name=row.name,
        title=row.title,
        description=row.description,
        permissions=row.permissions,
        documented=False,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
