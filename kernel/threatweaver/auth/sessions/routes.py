"""/auth/me/sessions: where the caller is signed in."""

import asyncpg

from threatweaver.auth.sessions import service
from threatweaver.auth.sessions.schemas import RevokedOut, SessionOut
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.route import EMPTY, SESSION, RouteTable, Scope, bare, rows

table = RouteTable(path="/auth/me/sessions", tag="Authentication")


@table.route("GET", permission=SESSION, returns=rows(SessionOut), scope=Scope.CONTROL)
async def list_sessions(ctx: Context) -> list[asyncpg.Record]:
    """List your live sessions in all tenants, the newest first."""
    return await service.list_own(ctx.principal)


@table.route("DELETE", "/{id}", permission=SESSION, returns=EMPTY, errors=(NotFound,), scope=Scope.CONTROL)
async def revoke(ctx: Context) -> None:
    """End one of your sessions with all its tokens."""
    await service.revoke(ctx.principal, ctx.uuid("id"))
    ctx.after_commit(ctx.kernel.identifier.forget)
    ctx.changed(f"session:{ctx.uuid('id')}", before={"live": True}, after={"live": False})


@table.route("POST", "/revoke-others", permission=SESSION, returns=bare(RevokedOut), scope=Scope.CONTROL)
async def revoke_others(ctx: Context) -> dict[str, int]:
    """End all your sessions but this one."""
    ended = await service.revoke_own_others(ctx.principal)
    ctx.after_commit(ctx.kernel.identifier.forget)
    ctx.changed(f"user:{ctx.principal.user_id}", after={"sessionsEnded": ended})
    return {"revoked": ended}
