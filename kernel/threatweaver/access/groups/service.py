"""Groups and who is in them. No request, no schema, no status code; in the tenant's scope."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from threatweaver.access.groups import queries
from threatweaver.access.groups.errors import GroupExists
from threatweaver.access.models import UserGroup, UserGroupMember
from threatweaver.access.rights import Roles, refuse_beyond
from threatweaver.access.roles.service import permissions_of
from threatweaver.auth.principal import Principal
from threatweaver.http.errors import NotFound


async def create(*, name: str, description: str = "") -> UserGroup:
    """Make an empty group. Raises GroupExists."""
    if await UserGroup.exists(name=name):
        raise GroupExists
    return await UserGroup.create(name=name, description=description)


async def update(group: UserGroup, changes: Mapping[str, Any]) -> UserGroup:
    """Change name or description. Raises GroupExists."""
    if "name" in changes and await UserGroup.filter(name=changes["name"]).exclude(id=group.id).exists():
        raise GroupExists
    await group.update_from_dict(dict(changes)).save()
    return group


async def add_members(group_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Put members of the tenant into a group; those in it already stay."""
    await queries.add(group_id, sorted(set(user_ids)))


async def remove_members(group_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Take users out of a group."""
    await UserGroupMember.filter(group_id=group_id, user_id__in=list(user_ids)).delete()


async def own(caller: Principal, documented: Roles, group_id: UUID) -> UserGroup:
    """Return a group, locked, all of whose roles the caller holds. Raises NotFound, BeyondYourRights."""
    group = await UserGroup.filter(id=group_id).select_for_update().first()
    if group is None:
        raise NotFound
    roles = await queries.roles_of(group_id)
    given = [await permissions_of(documented, schema=caller.schema, name=role) for role in roles]
    refuse_beyond(caller, *given)
    return group
