"""Providers of a tenant: kept, described, and never shown with their secrets."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from threatweaver import outbound
from threatweaver.audit import service as audit
from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.http.schema import camel
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.sso.errors import ProviderMisconfigured
from threatweaver.sso.models import SsoIdentity, SsoProvider, SsoTenant
from threatweaver.sso.providers.kinds import SECRETS, Kind
from threatweaver.sso.saml import party
from threatweaver.tenancy.models import Tenant

_MOST = 20


async def create(kernel: Kernel, tenant_id: UUID, values: Mapping[str, Any]) -> SsoProvider:
    """Add a provider. Raises ProviderMisconfigured, Conflict (by the unique name), Unprocessable."""
    provider = SsoProvider(id=uuid7(), tenant_id=tenant_id)
    await _fill(kernel, provider, values)
    async with kernel.database.control():
        if await SsoProvider.filter(tenant_id=tenant_id).count() >= _MOST:
            raise Unprocessable(f"A tenant has at most {_MOST} providers.")
        await provider.save(force_create=True)
        await audit.record(f"sso-provider:{provider.id}", after=described(provider))
    return provider


async def replace(
    kernel: Kernel, tenant_id: UUID, provider_id: UUID, values: Mapping[str, Any]
) -> SsoProvider:
    """Replace a provider's settings; a secret that is not given stays. Raises NotFound and as `create`."""
    async with kernel.database.control(read_only=True):
        provider = await of_tenant(tenant_id, provider_id)
    if values["kind"] != provider.kind:
        raise Unprocessable("The kind of a provider cannot change: make another one.")
    moved = provider.lookup
    await _fill(kernel, provider, values)
    async with kernel.database.control():
        await of_tenant(tenant_id, provider_id)
        await provider.save(force_update=True)
        if provider.lookup != moved:  # another directory: its subjects are other people
            await SsoIdentity.filter(provider_id=provider_id).delete()
        await audit.record(f"sso-provider:{provider.id}", after=described(provider))
    return provider


async def delete(tenant_id: UUID, provider_id: UUID) -> SsoProvider:
    """Remove a provider and what it knew people by; the people stay. Raises NotFound."""
    provider = await of_tenant(tenant_id, provider_id)
    await SsoIdentity.filter(provider_id=provider_id).delete()
    await SsoTenant.filter(tenant_id=tenant_id, default_provider_id=provider_id).update(
        default_provider_id=None
    )
    await provider.delete()
    return provider


async def of_tenant(tenant_id: UUID, provider_id: UUID) -> SsoProvider:
    """Return a provider of this tenant, in a control scope. Raises NotFound."""
    provider = await SsoProvider.get_or_none(id=provider_id, tenant_id=tenant_id)
    if provider is None:
        raise NotFound
    return provider


async def listed(tenant_id: UUID) -> list[SsoProvider]:
    """Return the tenant's providers by name, in a control scope."""
    return await SsoProvider.filter(tenant_id=tenant_id).order_by("name", "id")


async def tenant_of(kernel: Kernel, slug: str | None) -> Tenant | None:
    """Return the tenant of this slug; without one, the installation's own."""
    async with kernel.database.control(read_only=True):
        return await Tenant.get_or_none(slug=slug or kernel.settings.tenant)


async def sign_in_choices(kernel: Kernel, slug: str | None) -> list[dict[str, Any]]:
    """Return the enabled providers as a sign-in page needs them; none for a tenant that is not there."""
    async with kernel.database.control(read_only=True):
        tenant = await Tenant.get_or_none(slug=slug or kernel.settings.tenant)
        if tenant is None or await SsoTenant.exists(tenant_id=tenant.id, enabled=False):
            return []
        providers = [provider for provider in await listed(tenant.id) if provider.enabled]
    path = "/api/auth/sso"
    return [
        {
            "id": item.id,
            "name": item.name,
            "kind": item.kind,
            "loginUrl": f"{path}/ldap"
            if item.kind == Kind.LDAP
            else f"{path}/login?tenant={tenant.slug}&provider={item.id}",
        }
        for item in providers
    ]


def described(provider: SsoProvider) -> dict[str, Any]:
    """Return a provider's wire form, without its secret."""
    return {
        "id": provider.id,
        "name": provider.name,
        "kind": provider.kind,
        "enabled": provider.enabled,
        "justInTime": provider.just_in_time,
        "allowedDomains": provider.allowed_domains,
        "hasSecret": provider.sealed_secret is not None,
        provider.kind: provider.options,
        "createdAt": provider.created_at,
    }


def secret_of(kernel: Kernel, provider: SsoProvider) -> str:
    """Return the client secret or the bind password, "" without one."""
    if not provider.sealed_secret:
        return ""
    return kernel.secrets.open(provider.sealed_secret, purpose=f"sso.client:{provider.id}")


async def _fill(kernel: Kernel, provider: SsoProvider, values: Mapping[str, Any]) -> None:
    kind = Kind(values["kind"])
    given = dict(values[kind.value])
    secret = given.pop(SECRETS[kind], None) if kind in SECRETS else None
    options = {camel(name): value for name, value in given.items()}
    if kind is Kind.SAML:
        options = await _imported(kernel, options)
    _check(kind, options, has_secret=bool(secret or provider.sealed_secret))
    provider.kind, provider.name, provider.enabled = kind.value, values["name"], values["enabled"]
    provider.just_in_time = values["just_in_time"]
    provider.allowed_domains = sorted({domain.lower() for domain in values["allowed_domains"]})
    provider.options = options
    provider.lookup = _lookup(kind, options)
    if secret is not None:
        provider.sealed_secret = kernel.secrets.seal(secret, purpose=f"sso.client:{provider.id}")


async def _imported(kernel: Kernel, options: dict[str, Any]) -> dict[str, Any]:
    """Replace metadata, given or at a URL, by what it says."""
    from threatweaver.sso.saml import idp  # weighs 12 MB: see spoken.py

    xml, url = options.pop("metadataXml", None), options.pop("metadataUrl", None)
    if url is not None:
        async with outbound.request(kernel, "GET", url) as response:
            if response.status != 200:
                raise ProviderMisconfigured(f"The metadata URL answered {response.status}.")
            xml = await response.text(errors="replace")
    if xml is not None:
        return options | await asyncio.to_thread(idp.parse_metadata, xml)
    return options | {"certificates": [idp.certificate(text) for text in options["certificates"]]}


def _check(kind: Kind, options: Mapping[str, Any], *, has_secret: bool) -> None:
    """Refuse what cannot work. Raises ProviderMisconfigured."""
    if kind is Kind.OIDC:
        if "openid" not in options["scopes"]:
            raise ProviderMisconfigured("The scopes of OpenID Connect include `openid`.")
        _require_tls(options["issuer"])
    if kind is Kind.LDAP:
        _check_ldap(options, has_secret=has_secret)


def _check_ldap(options: Mapping[str, Any], *, has_secret: bool) -> None:
    if not options["startTls"]:
        _require_tls(options["url"])
    elif options["url"].startswith("ldaps:"):
        raise ProviderMisconfigured("StartTLS is for ldap://, not for ldaps://.")
    if bool(options["userDnTemplate"]) == bool(options["bindDn"]):
        raise ProviderMisconfigured("Give userDnTemplate, or bindDn with bindPassword.")
    if options["bindDn"] and not has_secret:
        raise ProviderMisconfigured("A service account needs its bindPassword.")


def _require_tls(url: str) -> None:
    """Refuse to carry passwords and identities in the clear, but on this very host."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "ldaps"} and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ProviderMisconfigured("Use https://, ldaps:// or StartTLS.")


def _lookup(kind: Kind, options: Mapping[str, Any]) -> str:
    if kind is Kind.SAML:
        return str(options["entityId"])
    if kind is Kind.OIDC:
        return f"{options['issuer']} {options['clientId']}"
    return f"{options['url']}/{options['baseDn']}"


async def described_config(kernel: Kernel, tenant_id: UUID, slug: str) -> dict[str, Any]:
    """Return the tenant's single sign-on as a whole, with what an identity provider asks of us."""
    row = await party.settings_of(kernel, tenant_id)
    async with kernel.database.control(read_only=True):
        providers = await listed(tenant_id)
    settings = kernel.settings
    return {
        "enabled": row.enabled,
        "defaultProviderId": row.default_provider_id,
        "entityId": party.entity_id(settings, slug),
        "acsUrl": party.acs_url(settings, slug),
        "metadataUrl": party.entity_id(settings, slug),
        "certificate": row.certificate,
        "redirectUri": party.callback_url(settings),
        "providers": [described(provider) for provider in providers],
    }


async def change_config(kernel: Kernel, tenant_id: UUID, values: Mapping[str, Any]) -> None:
    """Switch single sign-on on or off and choose the default provider. Raises NotFound."""
    await party.settings_of(kernel, tenant_id)
    async with kernel.database.control():
        if values["default_provider_id"] is not None:
            await of_tenant(tenant_id, values["default_provider_id"])
        await SsoTenant.filter(tenant_id=tenant_id).update(**values)
        await audit.record("sso:config", after=dict(values))
