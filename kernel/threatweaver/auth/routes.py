"""/auth: sign in and out, and who am I."""

from typing import Any

from threatweaver.auth import cookies, service
from threatweaver.auth.errors import BadCredentials, RefreshRefused
from threatweaver.auth.schemas import LoginIn, LoginOut, MeOut, TokenOut
from threatweaver.http.context import Context
from threatweaver.http.errors import TooManyRequests
from threatweaver.http.route import EMPTY, PUBLIC, SESSION, SIGNED_IN, RouteTable, Scope, bare
from threatweaver.tenancy.errors import AddressRefused, TenantSuspended

table = RouteTable(path="/auth", tag="Authentication")


@table.route(
    "POST",
    "/login",
    permission=PUBLIC,
    body=LoginIn,
    returns=bare(LoginOut),
    errors=(BadCredentials, TooManyRequests, TenantSuspended, AddressRefused),
    scope=Scope.NONE,
)
async def login(ctx: Context) -> dict[str, Any]:
    """Sign in with e-mail and password; the tokens are also set as HttpOnly cookies."""
    signed = await service.login(
        ctx.kernel.signer(),
        **ctx.body,
        user_agent=ctx.header("User-Agent"),
        address=ctx.address,
    )
    cookies.set_signed(ctx, signed)
    person = signed.identity
    return {
        "token": signed.access_token,
        "user": {
            "id": person.user_id,
            "email": person.email,
            "role": person.role,
            "tenantId": person.tenant_id,
            "tenantSlug": person.tenant_slug,
        },
    }


@table.route(
    "POST",
    "/refresh",
    permission=PUBLIC,
    returns=bare(TokenOut),
    errors=(RefreshRefused, TenantSuspended, AddressRefused),
    scope=Scope.NONE,
)
async def refresh(ctx: Context) -> dict[str, Any]:
    """Exchange the refreshToken cookie for a new access token; the refresh token is rotated."""
    token = ctx.request.cookies.get("refreshToken")
    if not token:
        raise RefreshRefused
    signed = await service.refresh(ctx.kernel.signer(), token, address=ctx.address)
    cookies.set_signed(ctx, signed)
    return {"token": signed.access_token}


@table.route("POST", "/logout", permission=SESSION, returns=EMPTY, scope=Scope.NONE)
async def logout(ctx: Context) -> None:
    """Revoke the current session and clear the cookies."""
    await service.logout(ctx.kernel.database, ctx.session_id)
    ctx.kernel.identifier.forget()
    cookies.clear(ctx)


@table.route("GET", "/me", permission=SIGNED_IN, returns=bare(MeOut), scope=Scope.NONE)
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
