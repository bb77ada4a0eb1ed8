"""From what a provider asserts to a member of its tenant (docs/adr/0012)."""

from dataclasses import replace
from uuid import UUID

import asyncpg
from tortoise.transactions import in_transaction

from threatweaver.access.users import admins, seats
from threatweaver.access.users.errors import LastAdmin, SeatsExhausted
from threatweaver.audit import service as audit
from threatweaver.auth import passwords
from threatweaver.auth.lockout.service import Visitor
from threatweaver.auth.models import Membership, User
from threatweaver.auth.queries import Identity, memberships_of
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.sso.asserted import Asserted
from threatweaver.sso.errors import SsoRefused
from threatweaver.sso.mapping import service as mapping
from threatweaver.sso.mapping.service import Decision
from threatweaver.sso.models import SsoProvider
from threatweaver.sso.saml import party
from threatweaver.sso.signin import queries


async def admit(
    kernel: Kernel, provider: SsoProvider, who: Asserted, visitor: Visitor
) -> tuple[Identity, Decision]:
    """Return the member of the provider's tenant that this is, made where the provider may.

    Raises SsoRefused.
    Opens its own transactions, each with an audit line for what it changes. Somebody who is no member of
    this tenant and has an account already is never taken in: whoever runs a tenant's directory could
    otherwise become anybody.
    """
    rules = await party.settings_of(kernel, provider.tenant_id)
    _check_domain(provider, who)
    async with kernel.database.control():
        found = await queries.person(provider, who)
        provisioned = await queries.provisioned_groups(provider, found["user_id"]) if found else []
        decision = mapping.decide(rules, (*who.groups, *provisioned), provider.id)
        if found is not None:
            decision = await _follow(provider, who, found, decision)
            identity = await _identity(found["user_id"], provider.tenant_id)
            if identity.role != found["role"]:
                await _note(kernel, "sso_role_given", identity, decision, visitor)
    if found is None:
        identity = await _newcomer(kernel, provider, who, decision, visitor)
    return identity, decision


async def _note(kernel: Kernel, action: str, member: Identity, decision: Decision, visitor: Visitor) -> None:
    """Say in the tenant's log what the directory made of a member, last in the transaction."""
    await audit.note(
        kernel,
        action,
        tenant_id=member.tenant_id,
        actor_id=member.user_id,
        address=visitor.address,
        request_id=visitor.request_id,
        target=f"user:{member.user_id}",
        details={"role": member.role, "rule": decision.rule},
    )


def _check_domain(provider: SsoProvider, who: Asserted) -> None:
    allowed = provider.allowed_domains
    if allowed and who.email.rpartition("@")[2] not in allowed:
        raise SsoRefused("Addresses of this domain are not taken from this provider.", reason="WRONG_DOMAIN")


async def _follow(
    provider: SsoProvider, who: Asserted, found: asyncpg.Record, decision: Decision
) -> Decision:
    """Let a member in with the role of their groups; return what was decided in the end."""
    if not found["linked"] and not who.verified:
        raise SsoRefused("The provider does not vouch for this address.", reason="UNVERIFIED_EMAIL")
    if found["membership_id"] is None:
        raise SsoRefused(
            "This address has an account elsewhere. Ask for an invitation and accept it first.",
            reason="NOT_A_MEMBER",
        )
    if found["deactivated"]:
        raise SsoRefused("This account is deactivated.", reason="DEACTIVATED")
    if not found["break_glass"]:
        decision = await _give_role(provider.tenant_id, found["membership_id"], decision)
    await queries.link(provider, found["user_id"], who.subject)
    return decision


async def _give_role(tenant_id: UUID, membership_id: UUID, decision: Decision) -> Decision:
    """Give a member their role, unless that takes the tenant its last administrator."""
    if decision.role is None:
        raise SsoRefused("None of your groups has a role here.", reason="NO_ROLE")
    place = Membership.filter(id=membership_id).exclude(role=decision.role)
    if not await place.exists():
        return decision
    try:
        async with in_transaction("control"), admins.one_stays(tenant_id):
            await place.update(role=decision.role)
    except LastAdmin:
        return replace(decision, kept=True)
    return decision


async def _newcomer(
    kernel: Kernel, provider: SsoProvider, who: Asserted, decision: Decision, visitor: Visitor
) -> Identity:
    if not provider.just_in_time:
        raise SsoRefused("You have no account here. Ask for an invitation.", reason="NO_ACCOUNT")
    if not who.verified or not queries.is_address(who.email):
        raise SsoRefused("The provider does not vouch for an address.", reason="UNVERIFIED_EMAIL")
    if decision.role is None:
        raise SsoRefused("None of your groups has a role here.", reason="NO_ROLE")
    async with kernel.database.control():
        try:
            await seats.take(kernel.license)
        except SeatsExhausted:
            raise SsoRefused("Every seat of the license is taken.", reason="NO_SEAT") from None
        user = await User.create(
            id=uuid7(), email=who.email, name=who.name[:200], password_hash=passwords.NONE
        )
        await Membership.create(
            user_id=user.id, tenant_id=provider.tenant_id, role=decision.role, provisioned=True
        )
        await queries.link(provider, user.id, who.subject)
        identity = await _identity(user.id, provider.tenant_id)
        await _note(kernel, "sso_member_made", identity, decision, visitor)
    return identity


async def _identity(user_id: UUID, tenant_id: UUID) -> Identity:
    for identity in await memberships_of(user_id):
        if identity.tenant_id == tenant_id:
            return identity
    raise SsoRefused("This account is deactivated.", reason="DEACTIVATED")
