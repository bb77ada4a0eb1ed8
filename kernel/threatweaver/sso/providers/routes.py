"""/sso: the tenant's providers, what they share, and our SAML metadata."""

from typing import Any

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.rights import refuse_beyond
from threatweaver.auth.permissions import Perm
from threatweaver.auth.roles import Role
from threatweaver.http.context import Context
from threatweaver.http.errors import Conflict, NotFound, Unprocessable
from threatweaver.http.route import EMPTY, PUBLIC, RouteTable, Scope, raw, rows
from threatweaver.outbound import OutboundFailed, OutboundRefused
from threatweaver.sso.errors import ProviderMisconfigured
from threatweaver.sso.examples import own_tenant, provider
from threatweaver.sso.providers import service
from threatweaver.sso.providers.schemas import (
    ConfigIn,
    ConfigOut,
    ProviderIn,
    ProviderOut,
    PublicProviderOut,
    TenantQuery,
)
from threatweaver.sso.saml import party

table = RouteTable(path="/sso", tag="Single sign-on")

_REFUSALS = (
    ProviderMisconfigured,
    OutboundRefused,
    OutboundFailed,
    Conflict,
    Unprocessable,
    BeyondYourRights,
)


@table.route("GET", "/config", permission=Perm.SSO_READ, returns=ConfigOut, scope=Scope.NONE)
async def config(ctx: Context) -> dict[str, Any]:
    """Return the tenant's single sign-on: its providers, and the addresses an identity provider asks for."""
    caller = ctx.principal
    return await service.described_config(ctx.kernel, caller.tenant_id, caller.tenant_slug)


@table.route(
    "PUT",
    "/config",
    permission=Perm.SSO_WRITE,
    body=ConfigIn,
    returns=ConfigOut,
    errors=(NotFound,),
    scope=Scope.NONE,
)
async def change_config(ctx: Context) -> dict[str, Any]:
    """Switch single sign-on on or off, and choose the provider that starts when none is named."""
    await service.change_config(ctx.kernel, ctx.principal.tenant_id, ctx.body)
    return await config(ctx)


@table.route(
    "GET",
    "/metadata",
    permission=PUBLIC,
    query=TenantQuery,
    returns=raw("application/samlmetadata+xml"),
    errors=(NotFound,),
    scope=Scope.NONE,
    example=own_tenant,
)
async def metadata(ctx: Context) -> bytes:
    """Return our SAML metadata for a tenant, to be imported by its identity provider."""
    from threatweaver.sso.saml import spoken  # weighs 12 MB: see spoken.py

    tenant = await service.tenant_of(ctx.kernel, ctx.query.get("tenant"))
    if tenant is None:
        raise NotFound
    return spoken.metadata(await party.of_tenant(ctx.kernel, tenant.id, tenant.slug))


@table.route(
    "GET",
    "/providers",
    permission=PUBLIC,
    query=TenantQuery,
    returns=rows(PublicProviderOut),
    scope=Scope.NONE,
)
async def list_providers(ctx: Context) -> list[dict[str, Any]]:
    """List the providers a person of this tenant can sign in with, and where each sign-in starts.

    Public, for the sign-in page; an unknown tenant has none. The settings are in /sso/config.
    """
    return await service.sign_in_choices(ctx.kernel, ctx.query.get("tenant"))


@table.route(
    "POST",
    "/providers",
    permission=Perm.SSO_WRITE,
    body=ProviderIn,
    returns=ProviderOut,
    status=201,
    errors=_REFUSALS,
    scope=Scope.NONE,
    example=provider,
)
async def create_provider(ctx: Context) -> dict[str, Any]:
    """Add an identity provider; SAML metadata is imported from XML or from a URL."""
    _refuse_beyond(ctx)
    return service.described(await service.create(ctx.kernel, ctx.principal.tenant_id, ctx.body))


@table.route("GET", "/providers/{id}", permission=Perm.SSO_READ, returns=ProviderOut, scope=Scope.CONTROL)
async def get_provider(ctx: Context) -> dict[str, Any]:
    """Return an identity provider's settings, without its secret."""
    return service.described(await service.of_tenant(ctx.principal.tenant_id, ctx.uuid("id")))


@table.route(
    "PUT",
    "/providers/{id}",
    permission=Perm.SSO_WRITE,
    body=ProviderIn,
    returns=ProviderOut,
    errors=_REFUSALS,
    scope=Scope.NONE,
    example=provider,
)
async def replace_provider(ctx: Context) -> dict[str, Any]:
    """Replace an identity provider's settings; a secret that is not sent stays."""
    _refuse_beyond(ctx)
    caller = ctx.principal
    return service.described(await service.replace(ctx.kernel, caller.tenant_id, ctx.uuid("id"), ctx.body))


@table.route("DELETE", "/providers/{id}", permission=Perm.SSO_WRITE, returns=EMPTY, scope=Scope.CONTROL)
async def delete_provider(ctx: Context) -> None:
    """Remove an identity provider; people it brought keep their accounts."""
    gone = await service.delete(ctx.principal.tenant_id, ctx.uuid("id"))
    ctx.changed(f"sso-provider:{gone.id}", before=service.described(gone))


def _refuse_beyond(ctx: Context) -> None:
    """Whoever says which directory vouches for people can sign in as any of them, administrators too."""
    refuse_beyond(ctx.principal, ctx.kernel.registry.grants[Role.ADMIN])
