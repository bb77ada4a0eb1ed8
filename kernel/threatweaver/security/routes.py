"""/security: who is signed in, who is kept waiting, keys, the way out, and the posture of the tenant."""

from collections.abc import Mapping, Sequence
from typing import Any

from threatweaver import addresses
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, bare, page, rows
from threatweaver.secrets import service as keys
from threatweaver.security import queries, service
from threatweaver.security.schemas import (
    CheckOut,
    LockoutOut,
    OutboundOut,
    SecretKeyOut,
    TenantSessionOut,
)

table = RouteTable(path="/security", tag="Security")


@table.route(
    "GET",
    "/sessions",
    permission=Perm.SESSION_READ,
    query=queries.SESSIONS.query,
    returns=page(TenantSessionOut),
    scope=Scope.CONTROL,
)
async def list_sessions(ctx: Context) -> Page:
    """List who is signed in to the tenant, the newest sign-in first."""
    return await ctx.page(queries.SESSIONS, tenant_id=ctx.principal.tenant_id)


@table.route(
    "DELETE",
    "/sessions/{id}",
    permission=Perm.SESSION_REVOKE,
    returns=EMPTY,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def revoke_session(ctx: Context) -> None:
    """End somebody's session in this tenant with all its tokens; every process knows within 5 seconds."""
    owner = await queries.revoke_session(ctx.principal.tenant_id, ctx.uuid("id"))
    if owner is None:
        raise NotFound
    ctx.after_commit(ctx.kernel.identifier.forget)
    ctx.changed(f"session:{ctx.uuid('id')}", after={"userId": owner, "revoked": True})


@table.route("GET", "/lockouts", permission=Perm.SESSION_READ, returns=rows(LockoutOut), scope=Scope.CONTROL)
async def list_lockouts(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """List the members on whose accounts strangers have tried so often that they must wait now.

    The owner does not wait at a device or in a network known from an earlier sign-in.
    """
    return [dict(row) for row in await queries.lockouts(ctx.principal.tenant_id)]


@table.route(
    "DELETE",
    "/lockouts/{userId}",
    permission=Perm.SESSION_REVOKE,
    returns=EMPTY,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def clear_lockout(ctx: Context) -> None:
    """Forget the failed attempts of strangers on a member's account, so that nobody waits."""
    if not await queries.clear_lockout(ctx.principal.tenant_id, ctx.uuid("userId")):
        raise NotFound
    ctx.changed(f"user:{ctx.uuid('userId')}", after={"lockout": False})


@table.route("GET", "/posture", permission=Perm.AUDIT_READ, returns=rows(CheckOut), scope=Scope.CONTROL)
async def get_posture(ctx: Context) -> list[dict[str, Any]]:
    """Return what an administrator should look at: second factors, idle members, API tokens."""
    return await service.posture(ctx.principal.tenant_id)


@table.route("GET", "/outbound", permission=Perm.AUDIT_READ, returns=bare(OutboundOut), scope=Scope.NONE)
async def get_outbound(ctx: Context) -> dict[str, Any]:
    """Return where requests to addresses that users set may go, beyond public ones; operators set it."""
    settings = ctx.kernel.settings
    policy = addresses.parse(settings.outbound_allow, settings.outbound_ports)
    allowed = [*map(str, policy.networks), *sorted(policy.hosts)]
    return {"allow": allowed, "ports": sorted(policy.ports)}


@table.route("GET", "/keys", permission=Perm.KEYRING_READ, returns=rows(SecretKeyOut), scope=Scope.CONTROL)
async def list_keys(_: Context) -> list[dict[str, Any]]:
    """List the keys that seal secrets in the database, never a key itself."""
    return await keys.listed()


@table.route(
    "POST", "/keys/rotate", permission=Perm.KEYRING_ROTATE, returns=bare(SecretKeyOut), scope=Scope.CONTROL
)
async def rotate_keys(ctx: Context) -> dict[str, Any]:
    """Add a key that seals half a minute later; a worker then seals everything anew.

    While an added key waits to seal, that one is returned and none is added.
    """
    made = await keys.rotate_once(ctx.kernel)
    ctx.changed(f"secret-key:{made['id']}", after={"state": made["state"]})
    return made
