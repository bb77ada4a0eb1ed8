"""/scim/v2: users and groups, for the directory that provisions them."""

from typing import Any

from threatweaver.access.users.errors import SeatsExhausted
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.route import EMPTY, RouteTable, Scope, bare, raw
from threatweaver.sso.scim import patch, queries, service, wire
from threatweaver.sso.scim.errors import (
    ScimInvalidFilter,
    ScimInvalidValue,
    ScimLastAdmin,
    ScimNotYours,
    ScimTaken,
)
from threatweaver.sso.scim.schemas import (
    PatchIn,
    ScimGroupIn,
    ScimGroupList,
    ScimGroupOut,
    ScimQuery,
    ScimUserIn,
    ScimUserList,
    ScimUserOut,
)

table = RouteTable(path="/scim/v2", tag="Provisioning (SCIM)")

MEDIA = "application/scim+json"
_CHANGE: dict[str, Any] = {
    "permission": Perm.SCIM_WRITE,
    "scope": Scope.CONTROL,
    "media": MEDIA,
    "errors": (ScimTaken, ScimInvalidValue, ScimNotYours, ScimLastAdmin, SeatsExhausted),
}
_REMOVAL: dict[str, Any] = {
    "permission": Perm.SCIM_WRITE,
    "scope": Scope.CONTROL,
    "returns": EMPTY,
    "errors": (ScimLastAdmin,),
}


@table.route(
    "GET",
    "/ServiceProviderConfig",
    permission=Perm.SCIM_WRITE,
    returns=raw(MEDIA),
    scope=Scope.NONE,
)
async def service_provider_config(_: Context) -> bytes:
    """Say what of SCIM 2.0 this service can."""
    return wire.dumps(wire.SERVICE)


@table.route("GET", "/ResourceTypes", permission=Perm.SCIM_WRITE, returns=raw(MEDIA), scope=Scope.NONE)
async def resource_types(_: Context) -> bytes:
    """List the kinds of resources: users and groups."""
    return wire.dumps(wire.listed(wire.RESOURCE_TYPES, total=2, start=1))


@table.route("GET", "/Schemas", permission=Perm.SCIM_WRITE, returns=raw(MEDIA), scope=Scope.NONE)
async def schemas(_: Context) -> bytes:
    """List the attributes of users and groups that are kept."""
    return wire.dumps(wire.listed(wire.SCHEMAS, total=2, start=1))


@table.route(
    "GET",
    "/Users",
    permission=Perm.SCIM_WRITE,
    query=ScimQuery,
    returns=bare(ScimUserList),
    errors=(ScimInvalidFilter,),
    scope=Scope.CONTROL,
)
async def list_users(ctx: Context) -> dict[str, Any]:
    """List the members of the tenant, break-glass accounts aside; `filter` is `userName eq "…"` and kin."""
    total, rows = await queries.users(ctx.principal.tenant_id, ctx.query)
    return wire.listed([wire.user(row) for row in rows], total=total, start=ctx.query["start_index"])


@table.route("POST", "/Users", body=ScimUserIn, returns=bare(ScimUserOut), status=201, **_CHANGE)
async def create_user(ctx: Context) -> dict[str, Any]:
    """Provision a member, who signs in with the tenant's provider; their role follows their groups."""
    tenant_id = ctx.principal.tenant_id
    made = wire.user(
        await service.user(tenant_id, await service.create_user(ctx.kernel, tenant_id, ctx.body))
    )
    ctx.changed(f"user:{made['id']}", after={"email": made["userName"], "active": made["active"]})
    return made


@table.route("GET", "/Users/{id}", permission=Perm.SCIM_WRITE, returns=bare(ScimUserOut), scope=Scope.CONTROL)
async def get_user(ctx: Context) -> dict[str, Any]:
    """Return a member."""
    return wire.user(await service.user(ctx.principal.tenant_id, ctx.uuid("id")))


@table.route("PUT", "/Users/{id}", body=ScimUserIn, returns=bare(ScimUserOut), **_CHANGE)
async def replace_user(ctx: Context) -> dict[str, Any]:
    """Replace a member's attributes; `active: false` keeps them out at once."""
    return await _changed(ctx, service.replaced(ctx.body))


@table.route("PATCH", "/Users/{id}", body=PatchIn, returns=bare(ScimUserOut), **_CHANGE)
async def patch_user(ctx: Context) -> dict[str, Any]:
    """Change some of a member's attributes; `active: false` keeps them out at once."""
    return await _changed(ctx, patch.user_changes(ctx.body["operations"]))


async def _changed(ctx: Context, changes: dict[str, Any]) -> dict[str, Any]:
    tenant_id, user_id = ctx.principal.tenant_id, ctx.uuid("id")
    await service.change_user(ctx.kernel, tenant_id, user_id, changes)
    ctx.after_commit(ctx.kernel.identifier.forget)
    ctx.changed(f"user:{user_id}", after=changes)
    return wire.user(await service.user(tenant_id, user_id))


@table.route("DELETE", "/Users/{id}", **_REMOVAL)
async def delete_user(ctx: Context) -> None:
    """Deactivate a member; what they did stays."""
    await service.remove_user(ctx.principal.tenant_id, ctx.uuid("id"))
    ctx.after_commit(ctx.kernel.identifier.forget)
    ctx.changed(f"user:{ctx.uuid('id')}", after={"active": False})


@table.route(
    "GET",
    "/Groups",
    permission=Perm.SCIM_WRITE,
    query=ScimQuery,
    returns=bare(ScimGroupList),
    errors=(ScimInvalidFilter,),
    scope=Scope.CONTROL,
)
async def list_groups(ctx: Context) -> dict[str, Any]:
    """List the groups of the directory; `filter` is `displayName eq "…"` or `externalId eq "…"`."""
    total, rows = await queries.groups(ctx.principal.tenant_id, ctx.query)
    return wire.listed([wire.group(row) for row in rows], total=total, start=ctx.query["start_index"])


@table.route("POST", "/Groups", body=ScimGroupIn, returns=bare(ScimGroupOut), status=201, **_CHANGE)
async def create_group(ctx: Context) -> dict[str, Any]:
    """Add a group; the roles of its members follow the role mapping."""
    tenant_id = ctx.principal.tenant_id
    made = wire.group(await service.group(tenant_id, await service.create_group(tenant_id, ctx.body)))
    ctx.changed(f"scim-group:{made['id']}", after={"displayName": made["displayName"]})
    return made


@table.route(
    "GET", "/Groups/{id}", permission=Perm.SCIM_WRITE, returns=bare(ScimGroupOut), scope=Scope.CONTROL
)
async def get_group(ctx: Context) -> dict[str, Any]:
    """Return a group with its members."""
    return wire.group(await service.group(ctx.principal.tenant_id, ctx.uuid("id")))


@table.route("PUT", "/Groups/{id}", body=ScimGroupIn, returns=bare(ScimGroupOut), **_CHANGE)
async def replace_group(ctx: Context) -> dict[str, Any]:
    """Replace a group and its members; the roles of whom it concerns follow."""
    return await _regrouped(ctx, service.replaced_group(ctx.body))


@table.route("PATCH", "/Groups/{id}", body=PatchIn, returns=bare(ScimGroupOut), **_CHANGE)
async def patch_group(ctx: Context) -> dict[str, Any]:
    """Rename a group, add or remove members; the roles of whom it concerns follow."""
    return await _regrouped(ctx, patch.group_changes(ctx.body["operations"]))


async def _regrouped(ctx: Context, changes: patch.GroupChanges) -> dict[str, Any]:
    tenant_id, group_id = ctx.principal.tenant_id, ctx.uuid("id")
    await service.change_group(tenant_id, group_id, changes)
    ctx.after_commit(ctx.kernel.identifier.forget)
    found = wire.group(await service.group(tenant_id, group_id))
    ctx.changed(f"scim-group:{group_id}", after={"displayName": found["displayName"]})
    return found


@table.route("DELETE", "/Groups/{id}", **_REMOVAL)
async def delete_group(ctx: Context) -> None:
    """Remove a group; the roles of its members follow."""
    await service.remove_group(ctx.principal.tenant_id, ctx.uuid("id"))
    ctx.after_commit(ctx.kernel.identifier.forget)
    ctx.changed(f"scim-group:{ctx.uuid('id')}")
