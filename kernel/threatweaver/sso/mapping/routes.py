"""/sso/role-mapping and /sso/break-glass."""

from typing import Any

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.roles.errors import NoSuchRole
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.http.route import RouteTable, Scope, rows
from threatweaver.sso.mapping import service
from threatweaver.sso.mapping.schemas import BreakGlassIn, BreakGlassOut, RoleMapping
from threatweaver.sso.saml import party

table = RouteTable(path="/sso", tag="Single sign-on")


@table.route("GET", "/role-mapping", permission=Perm.SSO_READ, returns=RoleMapping, scope=Scope.NONE)
async def role_mapping(ctx: Context) -> dict[str, Any]:
    """Return the rules that turn a directory's groups into a role; the first that fires wins."""
    return service.described(await party.settings_of(ctx.kernel, ctx.principal.tenant_id))


@table.route(
    "PUT",
    "/role-mapping",
    permission=Perm.SSO_WRITE,
    body=RoleMapping,
    returns=RoleMapping,
    errors=(NoSuchRole, BeyondYourRights, NotFound),
    scope=Scope.NONE,
)
async def replace_role_mapping(ctx: Context) -> dict[str, Any]:
    """Replace the rules and the default role; they count from each person's next sign-in."""
    return service.described(await service.replace(ctx.kernel, ctx.principal, **ctx.body))


@table.route(
    "GET", "/break-glass", permission=Perm.SSO_READ, returns=rows(BreakGlassOut), scope=Scope.CONTROL
)
async def break_glass(ctx: Context) -> list[dict[str, Any]]:
    """List the administrators who can use their password even where single sign-on is required."""
    return await service.break_glass(ctx.principal.tenant_id)


@table.route(
    "PUT",
    "/break-glass",
    permission=Perm.SSO_WRITE,
    body=BreakGlassIn,
    returns=rows(BreakGlassOut),
    errors=(NotFound, Unprocessable),
    scope=Scope.CONTROL,
)
async def set_break_glass(ctx: Context) -> list[dict[str, Any]]:
    """Choose the break-glass administrators; a directory does not change their role."""
    tenant_id = ctx.principal.tenant_id
    before = await service.break_glass(tenant_id)
    await service.set_break_glass(tenant_id, ctx.body["user_ids"])
    after = await service.break_glass(tenant_id)
    ctx.changed(
        "sso:break-glass",
        before={"users": [str(row["id"]) for row in before]},
        after={"users": [str(row["id"]) for row in after]},
    )
    return after
