"""/auth: the session that is, and who am I."""

from typing import Any

from threatweaver.auth import cookies, service
from threatweaver.auth.errors import RefreshRefused, SsoConfined, SsoRequired
from threatweaver.auth.schemas import MeOut, SwitchTenantIn, TokenOut
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.route import EMPTY, PUBLIC, SESSION, SIGNED_IN, RouteTable, Scope, bare
from threatweaver.tenancy.errors import AddressRefused, TenantSuspended

table = RouteTable(path="/auth", tag="Authentication")


@table.route(
    "POST",
    "/refresh",
    permission=PUBLIC,
    returns=bare(TokenOut),
    errors=(RefreshRefused, SsoRequired, TenantSuspended, AddressRefused),
    scope=Scope.NONE,
)
async def refresh(ctx: Context) -> dict[str, Any]:
    """Exchange the refreshToken cookie for a new access token; the refresh token is rotated."""
    token = ctx.request.cookies.get("refreshToken")
    if not token:
        raise RefreshRefused
    signed = await service.refresh(
        ctx.kernel.signer(),
        token,
        address=ctx.address,
        user_agent=ctx.header("User-Agent"),
        request_id=ctx.request_id,
    )
    cookies.set_signed(ctx, signed)
    return {"token": signed.access_token}


@table.route(
    "POST",
    "/switch-tenant",
    permission=SESSION,
    body=SwitchTenantIn,
    returns=bare(TokenOut),
    errors=(RefreshRefused, NotFound, SsoConfined, SsoRequired, TenantSuspended, AddressRefused),
    scope=Scope.NONE,
    restricted=True,
)
async def switch_tenant(ctx: Context) -> dict[str, Any]:
    """Go on in another tenant of yours; the tokens of the old session are worthless at once."""
    signed = await service.switch_tenant(
        ctx.kernel.signer(), ctx.principal, ctx.body["tenant_id"], address=ctx.address
    )
    ctx.kernel.identifier.forget()
    cookies.set_signed(ctx, signed)
    return {"token": signed.access_token}


@table.route("POST", "/logout", permission=SESSION, returns=EMPTY, scope=Scope.NONE, restricted=True)
async def logout(ctx: Context) -> None:
    """Revoke the current session and clear the cookies."""
    await service.logout(ctx.kernel.database, ctx.session_id)
    ctx.kernel.identifier.forget()
    cookies.clear(ctx)


@table.route("GET", "/me", permission=SIGNED_IN, returns=bare(MeOut), scope=Scope.NONE, restricted=True)
async def me(ctx: Context) -> dict[str, Any]:
    """Return the profile of the signed-in user."""
    person = ctx.principal
    return {
        "id": person.user_id,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "tenantId": person.tenant_id,
        "tenantSlug": person.tenant_slug,
        "permissions": sorted(person.permissions),
    }
