"""/tokens: one's own API tokens, which only a signed-in person manages; /admin/tokens: everybody's."""

from datetime import timedelta
from typing import Any

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.tokens import queries, service
from threatweaver.access.tokens.errors import BadExpiry
from threatweaver.access.tokens.schemas import (
    ApiTokenCreate,
    ApiTokenOut,
    ApiTokenUpdate,
    IssuedApiTokenOut,
    OwnedApiTokenOut,
    RotateIn,
)
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.example import Caller, Example
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, SESSION, RouteTable, Scope, page

table = RouteTable(path="/tokens", tag="API tokens")
admin = RouteTable(path="/admin/tokens", tag="Administration")


@table.route(
    "GET", permission=SESSION, query=queries.OWN.query, returns=page(ApiTokenOut), scope=Scope.CONTROL
)
async def list_tokens(ctx: Context) -> Page:
    """List your API tokens in this tenant, revoked ones included."""
    return await ctx.page(queries.OWN, **_own(ctx))


@table.route(
    "POST",
    permission=SESSION,
    body=ApiTokenCreate,
    returns=IssuedApiTokenOut,
    status=201,
    scope=Scope.CONTROL,
    errors=(BeyondYourRights, BadExpiry),
)
async def create_token(ctx: Context) -> dict[str, Any]:
    """Make an API token with some of your permissions; its secret is shown this once."""
    made = await service.create(ctx.principal, **ctx.body)
    after = {"name": made.token.name, "scopes": made.token.scopes, "addresses": made.token.addresses}
    ctx.changed(f"token:{made.token.id}", after=after)
    return {**await _shown(ctx, made.token.id), "secret": made.secret}


@table.route("GET", "/{id}", permission=SESSION, returns=ApiTokenOut, scope=Scope.CONTROL)
async def get_token(ctx: Context) -> dict[str, Any]:
    """Return one of your API tokens."""
    return await _shown(ctx, ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=SESSION,
    body=ApiTokenUpdate,
    returns=ApiTokenOut,
    scope=Scope.CONTROL,
    errors=(BeyondYourRights, BadExpiry),
)
async def update_token(ctx: Context) -> dict[str, Any]:
    """Change name, scopes, addresses or expiry of one of your API tokens."""
    await service.update(ctx.principal, ctx.uuid("id"), dict(ctx.body))
    ctx.changed(f"token:{ctx.uuid('id')}", after=ctx.body)
    return await _shown(ctx, ctx.uuid("id"))


@table.route("DELETE", "/{id}", permission=SESSION, returns=EMPTY, scope=Scope.CONTROL)
async def revoke_token(ctx: Context) -> None:
    """Revoke one of your API tokens; it stays in the list."""
    await service.revoke(ctx.uuid("id"), **_own(ctx))
    ctx.changed(f"token:{ctx.uuid('id')}")


@table.route(
    "POST",
    "/{id}/rotate",
    permission=SESSION,
    body=RotateIn,
    returns=IssuedApiTokenOut,
    scope=Scope.CONTROL,
)
async def rotate_token(ctx: Context) -> dict[str, Any]:
    """Give an API token a new secret; the old one works until the overlap ends."""
    overlap = timedelta(minutes=ctx.body["overlap_minutes"])
    made = await service.rotate(ctx.principal, ctx.uuid("id"), overlap=overlap)
    ctx.changed(f"token:{made.token.id}", after={"prefix": made.token.prefix})
    return {**await _shown(ctx, made.token.id), "secret": made.secret}


@admin.route(
    "GET",
    permission=Perm.TOKEN_READ,
    query=queries.ALL.query,
    returns=page(OwnedApiTokenOut),
    scope=Scope.CONTROL,
)
async def list_all_tokens(ctx: Context) -> Page:
    """List the API tokens of everybody in this tenant."""
    return await ctx.page(queries.ALL, tenant_id=ctx.principal.tenant_id)


async def _one_of_somebody(caller: Caller) -> Example:
    return Example(params={"id": await caller.some("/tokens")})


@admin.route(
    "DELETE",
    "/{id}",
    permission=Perm.TOKEN_REVOKE,
    returns=EMPTY,
    scope=Scope.CONTROL,
    example=_one_of_somebody,
)
async def revoke_any_token(ctx: Context) -> None:
    """Revoke an API token of anybody in this tenant."""
    await service.revoke(ctx.uuid("id"), tenant_id=ctx.principal.tenant_id)
    ctx.changed(f"token:{ctx.uuid('id')}")


def _own(ctx: Context) -> dict[str, Any]:
    return {"tenant_id": ctx.principal.tenant_id, "user_id": ctx.principal.user_id}


async def _shown(ctx: Context, token_id: Any) -> dict[str, Any]:
    row = await queries.OWN.one(token_id, **_own(ctx))
    if row is None:
        raise NotFound
    return row
