"""/admin/roles and /admin/permissions."""

from typing import Any

from threatweaver.access.errors import BeyondYourRights, UnknownPermission
from threatweaver.access.rights import serialize
from threatweaver.access.roles import matrix, queries, service
from threatweaver.access.roles.errors import RoleExists, RoleInUse, RoleIsDocumented
from threatweaver.access.roles.schemas import MatrixRowOut, PermissionOut, RoleCreate, RoleOut, RoleUpdate
from threatweaver.access.roles.service import RoleView
from threatweaver.auth.permissions import Perm
from threatweaver.db.transaction import current
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.example import Caller, Example
from threatweaver.http.route import EMPTY, RouteTable, Scope, rows
from threatweaver.ids import uuid7

table = RouteTable(path="/admin/roles", tag="Roles and permissions")
permissions = RouteTable(path="/admin/permissions", tag="Roles and permissions")


async def _of_a_new_name(_: Caller) -> Example:
    body = {"name": f"role_{uuid7().hex}", "title": "Night shift", "permissions": ["kernel:job:read"]}
    return Example(body=body)


async def _of_a_new_one(caller: Caller) -> Example:
    return Example(body={"id": await caller.some("/admin/roles"), "title": "Night shift"})


@table.route("GET", permission=Perm.ROLE_READ, returns=rows(RoleOut))
async def list_roles(ctx: Context) -> list[RoleView]:
    """List the roles of this tenant: the seven documented ones, then its own."""
    return await service.all_roles(ctx.kernel.registry.grants, ctx.principal.tenant_id)


@table.route(
    "POST",
    permission=Perm.ROLE_WRITE,
    body=RoleCreate,
    returns=RoleOut,
    status=201,
    errors=(RoleExists, UnknownPermission, BeyondYourRights),
    example=_of_a_new_name,
)
async def create_role(ctx: Context) -> RoleView:
    """Make a role of permissions that you hold yourself."""
    role = await service.create(ctx.principal, ctx.kernel.registry.grants, **ctx.body)
    ctx.changed(f"role:{role.name}", after={"title": role.title, "permissions": role.permissions})
    return role


@table.route(
    "PUT",
    permission=Perm.ROLE_WRITE,
    body=RoleUpdate,
    returns=RoleOut,
    errors=(NotFound, RoleIsDocumented, UnknownPermission, BeyondYourRights),
    example=_of_a_new_one,
)
async def update_role(ctx: Context) -> RoleView:
    """Change a role of this tenant; the body's id or name says which."""
    documented = ctx.kernel.registry.grants
    before = await service.one(
        documented, ctx.principal.tenant_id, id=ctx.body.get("id"), name=ctx.body.get("name")
    )
    changes = {name: value for name, value in ctx.body.items() if name not in {"id", "name"}}
    after = await service.update(ctx.principal, documented, before, changes)
    ctx.changed(f"role:{after.name}", before={name: getattr(before, name) for name in changes}, after=changes)
    return after


@table.route("GET", "/{id}", permission=Perm.ROLE_READ, returns=RoleOut)
async def get_role(ctx: Context) -> RoleView:
    """Return one role."""
    return await service.one(ctx.kernel.registry.grants, ctx.principal.tenant_id, id=ctx.uuid("id"))


@table.route(
    "DELETE",
    "/{id}",
    permission=Perm.ROLE_WRITE,
    returns=EMPTY,
    errors=(RoleInUse, RoleIsDocumented, BeyondYourRights),
    scope=Scope.CONTROL,
)
async def delete_role(ctx: Context) -> None:
    """Remove a role of this tenant that nobody has any more."""
    tenant_id = ctx.principal.tenant_id
    await serialize(tenant_id)
    held = await queries.held(tenant_id)
    await ctx.kernel.database.go_on_in_tenant(current(), ctx.principal.schema)
    role = await service.one(ctx.kernel.registry.grants, ctx.principal.tenant_id, id=ctx.uuid("id"))
    if role.name in held and not role.documented:
        raise RoleInUse
    await service.delete(ctx.principal, role)
    ctx.changed(f"role:{role.name}", before={"title": role.title, "permissions": role.permissions})


@permissions.route("GET", permission=Perm.ROLE_READ, returns=rows(PermissionOut))
async def list_permissions(ctx: Context) -> list[dict[str, Any]]:
    """List every permission that the kernel and the plugins declare, and the roles that hold it."""
    roles = await service.all_roles(ctx.kernel.registry.grants, ctx.principal.tenant_id)
    return [
        {
            "name": str(item.name),
            "title": item.title,
            "owner": item.name.partition(":")[0],
            "roles": [role.name for role in roles if item.name in role.permissions],
        }
        for item in sorted(ctx.kernel.registry.permissions, key=lambda entry: str(entry.name))
    ]


@permissions.route("GET", "/matrix", permission=Perm.ROLE_READ, returns=rows(MatrixRowOut))
async def permission_matrix(ctx: Context) -> list[dict[str, Any]]:
    """List every route with the roles of this tenant that may call it."""
    roles = await service.all_roles(ctx.kernel.registry.grants, ctx.principal.tenant_id)
    return matrix.rows(ctx.kernel.registry.routes, {role.name: role.permissions for role in roles})
