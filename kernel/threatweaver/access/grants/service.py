"""Giving and taking grants. No request, no schema, no status code; in the tenant's scope."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from threatweaver.access.grants.errors import GrantExists, NoSuchGrantee, NoSuchScope
from threatweaver.access.models import Grant, UserGroup
from threatweaver.access.rights import Roles, refuse_beyond
from threatweaver.access.roles.service import permissions_of
from threatweaver.access.scopes import GrantScope
from threatweaver.auth.principal import Principal
from threatweaver.http.errors import NotFound


async def create(  # noqa: PLR0913 - a grant has that many columns
    caller: Principal,
    documented: Roles,
    scopes: Sequence[GrantScope],
    *,
    role: str,
    scope: str,
    user_id: UUID | None = None,
    group_id: UUID | None = None,
    scope_id: UUID | None = None,
) -> Grant:
    """Give a role whose permissions the caller holds; that a user is a member was checked before.

    Raises NoSuchRole, BeyondYourRights, NoSuchGrantee, NoSuchScope, GrantExists.
    """
    refuse_beyond(caller, await permissions_of(documented, schema=caller.schema, name=role))
    if group_id is not None and not await UserGroup.exists(id=group_id):
        raise NoSuchGrantee
    if scope_id is not None:
        kind = next((item for item in scopes if item.name == scope), None)
        if kind is None or not await kind.exists(scope_id):
            raise NoSuchScope
    row: dict[str, Any] = {
        "user_id": user_id,
        "group_id": group_id,
        "role": role,
        "scope": scope,
        "scope_id": scope_id,
    }
    if await Grant.exists(**row):
        raise GrantExists
    return await Grant.create(**row, created_by=caller.user_id)


async def delete(caller: Principal, documented: Roles, grant_id: UUID) -> Grant:
    """Take a grant of a role whose permissions the caller holds. Raises NotFound, BeyondYourRights."""
    grant = await Grant.filter(id=grant_id).select_for_update().first()
    if grant is None:
        raise NotFound
    refuse_beyond(caller, await permissions_of(documented, schema=caller.schema, name=grant.role))
    await grant.delete()
    return grant
