"""/admin/groups: groups of users and their members."""

from typing import Any

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.groups import queries, service
from threatweaver.access.groups.errors import GroupExists, NoSuchUser
from threatweaver.access.groups.schemas import (
    GroupMemberOut,
    UserGroupCreate,
    UserGroupOut,
    UserGroupUpdate,
    UserIdsIn,
)
from threatweaver.access.rights import serialize
from threatweaver.auth.models import Membership
from threatweaver.auth.permissions import Perm
from threatweaver.db.transaction import current
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.example import Caller, Example
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, page

table = RouteTable(path="/admin/groups", tag="Roles and permissions")


async def _with_oneself(caller: Caller) -> Example:
    me = await caller.call("GET", "/auth/me")
    return Example(body={"userIds": [me.body["id"]]})


@table.route("GET", permission=Perm.GROUP_READ, query=queries.LISTING.query, returns=page(UserGroupOut))
async def list_groups(ctx: Context) -> Page:
    """List the groups of users."""
    return await ctx.page(queries.LISTING)


@table.route(
    "POST",
    permission=Perm.GROUP_WRITE,
    body=UserGroupCreate,
    returns=UserGroupOut,
    status=201,
    errors=(GroupExists,),
)
async def create_group(ctx: Context) -> dict[str, Any]:
    """Make an empty group of users."""
    await serialize(ctx.principal.tenant_id)
    group = await service.create(**ctx.body)
    ctx.changed(f"group:{group.id}", after=ctx.body)
    return await _shown(group.id)


@table.route("GET", "/{id}", permission=Perm.GROUP_READ, returns=UserGroupOut)
async def get_group(ctx: Context) -> dict[str, Any]:
    """Return one group of users."""
    return await _shown(ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.GROUP_WRITE,
    body=UserGroupUpdate,
    returns=UserGroupOut,
    errors=(GroupExists, BeyondYourRights),
)
async def update_group(ctx: Context) -> dict[str, Any]:
    """Change the name or the description of a group of users."""
    await serialize(ctx.principal.tenant_id)
    group = await service.own(ctx.principal, ctx.kernel.registry.grants, ctx.uuid("id"))
    before = {name: getattr(group, name) for name in ctx.body}
    await service.update(group, ctx.body)
    ctx.changed(f"group:{group.id}", before=before, after=ctx.body)
    return await _shown(group.id)


@table.route("DELETE", "/{id}", permission=Perm.GROUP_WRITE, returns=EMPTY, errors=(BeyondYourRights,))
async def delete_group(ctx: Context) -> None:
    """Remove a group of users with its grants."""
    await serialize(ctx.principal.tenant_id)
    group = await service.own(ctx.principal, ctx.kernel.registry.grants, ctx.uuid("id"))
    await group.delete()
    ctx.changed(f"group:{group.id}", before={"name": group.name})


@table.route(
    "GET",
    "/{id}/members",
    permission=Perm.GROUP_READ,
    query=queries.MEMBERS_QUERY,
    returns=page(GroupMemberOut),
    scope=Scope.CONTROL,
)
async def list_members(ctx: Context) -> Page:
    """List the users of a group."""
    schema, group_id = ctx.principal.schema, ctx.uuid("id")
    if not await queries.group_exists(schema, group_id):
        raise NotFound
    return await ctx.page(queries.members(schema), group_id=group_id)


@table.route(
    "POST",
    "/{id}/members",
    permission=Perm.GROUP_WRITE,
    body=UserIdsIn,
    returns=UserGroupOut,
    errors=(NoSuchUser, BeyondYourRights),
    scope=Scope.CONTROL,
    example=_with_oneself,
)
async def add_members(ctx: Context) -> dict[str, Any]:
    """Put users into a group; whoever does that holds what the group gives."""
    caller, wanted = ctx.principal, set(ctx.body["user_ids"])
    await serialize(caller.tenant_id)
    known = await Membership.filter(tenant_id=caller.tenant_id, user_id__in=list(wanted)).count()
    await ctx.kernel.database.go_on_in_tenant(current(), caller.schema)
    group = await service.own(caller, ctx.kernel.registry.grants, ctx.uuid("id"))
    if known != len(wanted):
        raise NoSuchUser
    await service.add_members(group.id, list(wanted))
    ctx.changed(f"group:{group.id}", after={"added": sorted(map(str, wanted))})
    return await _shown(group.id)


@table.route(
    "POST",
    "/{id}/remove-members",
    permission=Perm.GROUP_WRITE,
    body=UserIdsIn,
    returns=UserGroupOut,
    errors=(BeyondYourRights,),
)
async def remove_members(ctx: Context) -> dict[str, Any]:
    """Take users out of a group; whoever does that holds what the group gives."""
    await serialize(ctx.principal.tenant_id)
    group = await service.own(ctx.principal, ctx.kernel.registry.grants, ctx.uuid("id"))
    await service.remove_members(group.id, ctx.body["user_ids"])
    ctx.changed(f"group:{group.id}", after={"removed": sorted(map(str, ctx.body["user_ids"]))})
    return await _shown(group.id)


async def _shown(group_id: Any) -> dict[str, Any]:
    row = await queries.LISTING.one(group_id)
    if row is None:
        raise NotFound
    return row
