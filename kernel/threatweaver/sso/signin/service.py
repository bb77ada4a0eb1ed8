"""Signing in through a provider: begin, come back, be admitted. No request, no schema, no status code."""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from threatweaver.access.users.errors import LastAdmin
from threatweaver.auth import service as auth
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.lockout.service import Visitor
from threatweaver.auth.login import service as login
from threatweaver.auth.login.service import Pending
from threatweaver.auth.login.steps import Course
from threatweaver.auth.models import User
from threatweaver.auth.principal import Method
from threatweaver.auth.queries import Identity
from threatweaver.auth.service import SignIn
from threatweaver.http.errors import NotFound
from threatweaver.kernel import Kernel
from threatweaver.sso import directories, oidc
from threatweaver.sso.asserted import Asserted
from threatweaver.sso.errors import SsoRefused
from threatweaver.sso.mapping.service import Decision
from threatweaver.sso.models import SsoProvider, SsoTenant
from threatweaver.sso.providers import service as providers
from threatweaver.sso.providers.kinds import Kind
from threatweaver.sso.saml import party
from threatweaver.sso.signin import flow as flows
from threatweaver.sso.signin import queries
from threatweaver.sso.signin.flow import Flow
from threatweaver.tenancy.models import Tenant

_METHODS: Mapping[Kind, Method] = {Kind.SAML: "saml", Kind.OIDC: "oidc", Kind.LDAP: "ldap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Somebody whom a provider vouched for, once."""

    provider: SsoProvider
    who: Asserted


async def begin(
    kernel: Kernel, slug: str | None, provider_id: UUID | None, next_path: str
) -> tuple[str, Flow]:
    """Return where to send the browser and what to bind to it.

    Raises NotFound and what the provider raises.
    """
    tenant, provider = await _chosen(kernel, slug, provider_id)
    if provider.kind == Kind.OIDC:
        started = await oidc.start(kernel, provider.options, party.callback_url(kernel.settings))
        return started.url, Flow(
            provider_id=str(provider.id),
            request=started.state,
            next=next_path,
            nonce=started.nonce,
            verifier=started.verifier,
        )
    from threatweaver.sso.saml import spoken  # weighs 12 MB: see spoken.py

    ours = await party.of_tenant(kernel, tenant.id, tenant.slug)
    request_id, url = spoken.request_url(ours, provider.options["ssoUrl"])
    return url, Flow(provider_id=str(provider.id), request=request_id, next=next_path)


async def _chosen(kernel: Kernel, slug: str | None, provider_id: UUID | None) -> tuple[Tenant, SsoProvider]:
    """Return the enabled provider that is named, else the default, else the only one. Raises NotFound."""
    tenant = await providers.tenant_of(kernel, slug)
    if tenant is None:
        raise NotFound
    async with kernel.database.control(read_only=True):
        row = await SsoTenant.get_or_none(tenant_id=tenant.id)
        usable = [
            item
            for item in await providers.listed(tenant.id)
            if item.enabled and item.kind != Kind.LDAP and (row is None or row.enabled)
        ]
    wanted = provider_id or (row.default_provider_id if row else None)
    named = [item for item in usable if item.id == wanted] if wanted else usable
    if len(named) != 1:
        raise NotFound
    return tenant, named[0]


async def finish_oidc(kernel: Kernel, flow: Flow, answer: Mapping[str, str]) -> Proven:
    """Check an OpenID provider's answer. Raises SsoRefused and what the provider raises."""
    code, state = answer.get("code", ""), answer.get("state", "")
    if not hmac.compare_digest(state.encode(), flow.request.encode()):
        raise SsoRefused("This sign-in was begun in another browser or window.", reason="WRONG_STATE")
    provider = await _usable(kernel, UUID(flow.provider_id), Kind.OIDC)
    if answer.get("iss", provider.options["issuer"]) != provider.options["issuer"]:
        raise SsoRefused(reason="WRONG_ISSUER")
    if not code:
        raise SsoRefused("The provider did not sign you in.", reason="PROVIDER_SAYS_NO")
    await _once(kernel, provider, flow.request, datetime.now(UTC) + timedelta(minutes=15))
    exchange = oidc.Exchange(
        code=code,
        verifier=flow.verifier,
        redirect_uri=party.callback_url(kernel.settings),
        client_secret=providers.secret_of(kernel, provider),
    )
    who = await oidc.finish(kernel, provider.options, exchange, flow.nonce)
    return Proven(provider=provider, who=who)


async def finish_saml(kernel: Kernel, flow: Flow | None, slug: str | None, response: str) -> Proven:
    """Check a SAML response: to the request this browser was sent with, or an unsolicited one.

    Raises SsoRefused.
    """
    from threatweaver.sso.saml import assertion  # weighs 12 MB: see spoken.py

    if flow is not None:
        provider = await _usable(kernel, UUID(flow.provider_id), Kind.SAML)
    else:
        provider = await _by_issuer(kernel, slug, response)
    async with kernel.database.control(read_only=True):
        tenant = await Tenant.get(id=provider.tenant_id)
    ours = await party.of_tenant(kernel, tenant.id, tenant.slug)
    request_id = flow.request if flow else None
    accepted = await asyncio.to_thread(
        assertion.check, ours, provider.options, response, request_id=request_id
    )
    await _once(kernel, provider, accepted.assertion_id, accepted.until)
    if request_id is not None:
        await _once(kernel, provider, request_id, datetime.now(UTC) + timedelta(minutes=15))
    return Proven(provider=provider, who=accepted.who)


async def _by_issuer(kernel: Kernel, slug: str | None, response: str) -> SsoProvider:
    from threatweaver.sso.saml import assertion  # weighs 12 MB: see spoken.py

    issuer = await asyncio.to_thread(assertion.issuer_of, response)
    tenant = await providers.tenant_of(kernel, slug)
    async with kernel.database.control(read_only=True):
        provider = tenant and await SsoProvider.get_or_none(
            tenant_id=tenant.id, kind=Kind.SAML.value, lookup=issuer
        )
    if not provider or not provider.options["idpInitiated"]:
        raise SsoRefused("No sign-in was begun in this browser. Start it again.", reason="UNSOLICITED")
    return await _usable(kernel, provider.id, Kind.SAML)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A name and password for a directory of a tenant."""

    slug: str | None
    provider_id: UUID
    username: str
    password: str = field(repr=False)


async def finish_ldap(kernel: Kernel, given: Credentials, visitor: Visitor) -> Proven:
    """Check a name and password with the tenant's directory; guessing is slowed down as for passwords.

    Raises SsoRefused, SignInDelayed, and what `directories.sign_in` raises.
    """
    tenant = await providers.tenant_of(kernel, given.slug)
    provider = await _usable(kernel, given.provider_id, Kind.LDAP)
    if tenant is None or provider.tenant_id != tenant.id:
        raise SsoRefused(reason="NO_PROVIDER")
    async with kernel.database.control():
        attempt = await lockout.begin(f"{provider.id}/{given.username}", visitor)
    who = await directories.sign_in(kernel, provider, given.username, given.password)
    async with kernel.database.control():
        await lockout.succeeded(attempt)
    return Proven(provider=provider, who=who)


async def open_session(
    kernel: Kernel, proven: Proven, identity: Identity, visitor: Visitor
) -> SignIn | Pending:
    """Open a session in the provider's tenant, and in no other.

    A second factor of ours is asked after a password of the directory; SAML and OpenID providers have theirs.
    """
    kind, signer = Kind(proven.provider.kind), kernel.signer()
    if kind is Kind.LDAP:
        async with kernel.database.control(read_only=True):
            user = await User.get(id=identity.user_id)
        course = Course(user_id=user.id, method=_METHODS[kind], tenant_id=identity.tenant_id)
        return await login.proceed(signer, user, course, visitor)
    return await auth.open_session(
        signer,
        identity,
        user_agent=visitor.user_agent,
        address=visitor.address,
        method=_METHODS[kind],
        mfa=proven.who.mfa,
    )


async def _usable(kernel: Kernel, provider_id: UUID, kind: Kind) -> SsoProvider:
    """Return a provider of that kind while it and its tenant's single sign-on are on. Raises SsoRefused."""
    async with kernel.database.control(read_only=True):
        provider = await SsoProvider.get_or_none(id=provider_id, kind=kind.value, enabled=True)
        off = provider and await SsoTenant.exists(tenant_id=provider.tenant_id, enabled=False)
    if provider is None or off:
        raise SsoRefused(reason="NO_PROVIDER")
    return provider


async def _once(kernel: Kernel, provider: SsoProvider, name: str, until: datetime) -> None:
    async with kernel.database.control():
        fresh = await queries.use_once(flows.once_key(provider.id, name), until)
    if not fresh:
        raise SsoRefused("This answer was used before. Start the sign-in again.", reason="REPLAYED")


def audited(decision: Decision | None, failure: SsoRefused | None) -> Mapping[str, Any]:
    """Return what an audit line says about a sign-in."""
    return {
        **({"rule": decision.rule, "role": decision.role} if decision else {}),
        **({"refused": LastAdmin.code} if decision and decision.kept else {}),
        **({"reason": failure.members.get("reason")} if failure else {}),
    }
