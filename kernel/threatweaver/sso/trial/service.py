"""Decode what a provider would send, or ask whether it answers. Nobody is signed in, nothing is stored."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.http.errors import Unprocessable
from threatweaver.kernel import Kernel
from threatweaver.sso import directories, oidc
from threatweaver.sso.asserted import Asserted
from threatweaver.sso.errors import ProviderUnavailable, SsoRefused
from threatweaver.sso.mapping import service as mapping
from threatweaver.sso.models import SsoProvider
from threatweaver.sso.providers import service as providers
from threatweaver.sso.providers.kinds import Kind
from threatweaver.sso.saml import party

_INPUTS = {Kind.SAML: {"saml_response"}, Kind.OIDC: {"id_token"}, Kind.LDAP: {"username", "password"}}


async def test(kernel: Kernel, tenant_id: UUID, slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a provider asserts and which rule fires. Raises NotFound, Unprocessable, and its errors."""
    async with kernel.database.control(read_only=True):
        provider = await providers.of_tenant(tenant_id, given["provider_id"])
    kind = Kind(provider.kind)
    inputs = set(given) - {"provider_id"}
    if inputs and inputs != _INPUTS[kind]:
        raise Unprocessable(f"A {kind.value} provider is tested with {' and '.join(sorted(_INPUTS[kind]))}.")
    try:
        if not inputs:
            return _told(accepted=True, reason=None, claims=await _answers(kernel, provider))
        who, reason = await _decoded(kernel, provider, slug, given)
    except (SsoRefused, ProviderUnavailable) as refusal:
        return _told(accepted=False, reason=refusal.members.get("reason", refusal.code), claims={})
    decision = mapping.decide(await party.settings_of(kernel, tenant_id), who.groups, provider.id)
    if reason is None and decision.role is None:
        reason = "NO_ROLE"
    return {
        **_told(accepted=reason is None, reason=reason, claims=who.claims),
        "person": {
            "subject": who.subject,
            "email": who.email,
            "emailVerified": who.verified,
            "name": who.name,
            "groups": list(who.groups),
        },
        "role": decision.role,
        "rule": decision.rule,
    }


def _told(*, accepted: bool, reason: str | None, claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "accepted": accepted,
        "reason": reason,
        "person": None,
        "claims": dict(claims),
        "role": None,
        "rule": None,
    }


async def _decoded(
    kernel: Kernel, provider: SsoProvider, slug: str, given: Mapping[str, Any]
) -> tuple[Asserted, str | None]:
    kind = Kind(provider.kind)
    if kind is Kind.SAML:
        from threatweaver.sso.saml import assertion  # weighs 12 MB: see spoken.py

        ours = await party.of_tenant(kernel, provider.tenant_id, slug)
        return await asyncio.to_thread(assertion.examine, ours, provider.options, given["saml_response"])
    if kind is Kind.OIDC:
        claims = await oidc.verify(kernel, provider.options, given["id_token"], nonce=None)
        return oidc.asserted(provider.options, claims), None
    return await directories.sign_in(kernel, provider, given["username"], given["password"]), None


async def _answers(kernel: Kernel, provider: SsoProvider) -> Mapping[str, Any]:
    """Ask the provider itself: discovery, or a bind; of SAML there is only the metadata we have."""
    if provider.kind == Kind.OIDC:
        return await oidc.discover(kernel, provider.options["issuer"])
    if provider.kind == Kind.LDAP:
        await directories.probe(kernel, provider)
        return {"bound": provider.options["bindDn"] or "anonymous"}
    return {"entityId": provider.options["entityId"], "ssoUrl": provider.options["ssoUrl"]}
