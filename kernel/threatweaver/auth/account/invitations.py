"""Invitations: made and revoked in a control scope by who may, accepted by who has the mail."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.access.users import seats
from threatweaver.audit import service as audit
from threatweaver.auth import passwords, queries, tokens
from threatweaver.auth.account import links, ownership
from threatweaver.auth.account.errors import LinkRefused
from threatweaver.auth.account.models import Invitation
from threatweaver.auth.errors import BadCredentials
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.lockout.service import Visitor
from threatweaver.auth.models import Membership, User
from threatweaver.auth.password import service as password_service
from threatweaver.events.kernel import UserReactivated
from threatweaver.events.service import publish_in
from threatweaver.ids import uuid7
from threatweaver.notify.mail import service as mail
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from tortoise.queryset import QuerySet

    from threatweaver.kernel import Kernel

_LIFETIME = timedelta(days=7)


async def create(
    kernel: "Kernel",
    *,
    tenant_id: UUID,
    email: str,
    role: str,
    invited_by: UUID | None,
    name: str = "",
) -> Invitation:
    """Invite somebody into a tenant by mail, in a control scope; an earlier invitation is revoked."""
    email, invitation_id, now = email.strip().lower(), uuid7(), datetime.now(UTC)
    token = tokens.new_for(invitation_id)
    tenant = await Tenant.get(id=tenant_id)
    await _open(tenant_id).filter(email=email).update(revoked_at=now)
    invitation = await Invitation.create(
        id=invitation_id,
        tenant_id=tenant_id,
        email=email,
        name=name,
        role=role,
        invited_by=invited_by,
        token_hash=tokens.digest(token),
        expires_at=now + _LIFETIME,
    )
    await mail.queue(
        kernel,
        to=email,
        subject=f"Your invitation to {tenant.name} on ThreatWeaver",
        text=f"You are invited to {tenant.name} on ThreatWeaver.\n\nAccept within seven days:\n"
        f"{links.url(kernel, 'accept-invitation', token)}\n",
        tenant_id=tenant_id,
    )
    return invitation


async def pending(tenant_id: UUID) -> list[Invitation]:
    """Return a tenant's invitations that can be accepted, the newest first; in a control scope."""
    return await _open(tenant_id).filter(expires_at__gt=datetime.now(UTC)).order_by("-created_at")


async def revoke(tenant_id: UUID, invitation_id: UUID) -> bool:
    """Revoke an open invitation, in a control scope; say whether there was one."""
    return bool(await _open(tenant_id).filter(id=invitation_id).update(revoked_at=datetime.now(UTC)))


async def revoke_for(tenant_id: UUID, email: str) -> None:
    """Revoke the open invitation of an address, in a control scope: its place was taken away."""
    await _open(tenant_id).filter(email=email).update(revoked_at=datetime.now(UTC))


async def accept(
    kernel: "Kernel", *, token: str, password: str, name: str, visitor: Visitor
) -> tuple[User, UUID]:
    """Take the place of an invitation; return the person and the tenant.

    Who has an account already proves it with its password; who has none chooses one.
    Raises LinkRefused, BadCredentials, SignInDelayed, PasswordRefused, SeatsExhausted.
    """
    async with kernel.database.control(read_only=True):
        invitation = await _find(token)
        user = await User.get_or_none(email=invitation.email)
        tenant = await Tenant.get(id=invitation.tenant_id)
    if user is not None and passwords.is_set(user.password_hash):
        await _prove(kernel, user, password, visitor)
        hashed = user.password_hash
    else:
        hashed = await password_service.new_hash(
            kernel, password, email=invitation.email, schema=tenant.schema
        )
    async with kernel.database.control():
        if not await _open(tenant.id).filter(id=invitation.id).update(accepted_at=datetime.now(UTC)):
            raise LinkRefused
        user, _ = await User.get_or_create(
            email=invitation.email, defaults={"password_hash": hashed, "name": name or invitation.name}
        )
        await User.filter(id=user.id).update(password_hash=hashed)
        await ownership.prove(kernel, user, tenant_id=tenant.id)
        await seats.take(kernel.license, user.id)
        await _join(user.id, invitation)
        user = await User.get(id=user.id)
        place = next(item for item in await queries.memberships_of(user.id) if item.tenant_id == tenant.id)
        after = {"tenant": str(tenant.id), "by": "invitation"}
        await audit.record(f"user:{user.id}", after=after, who=place)
    return user, tenant.id


async def _prove(kernel: "Kernel", user: User, password: str, visitor: Visitor) -> None:
    async with kernel.database.control():
        attempt = await lockout.begin(user.email, visitor)
    if not user.is_active or not await passwords.verify(user.password_hash, password):
        raise BadCredentials
    async with kernel.database.control():
        await lockout.succeeded(attempt)


async def _join(user_id: UUID, invitation: Invitation) -> None:
    """Give the person the place; a place that was taken away comes back with the invitation's role."""
    place, made = await Membership.get_or_create(
        user_id=user_id, tenant_id=invitation.tenant_id, defaults={"role": invitation.role}
    )
    if not made and place.deactivated_at is not None:
        await Membership.filter(id=place.id).update(role=invitation.role, deactivated_at=None)
        await publish_in(invitation.tenant_id, UserReactivated(user_id))


async def _find(token: str) -> Invitation:
    found = await Invitation.get_or_none(id=tokens.id_of(token), accepted_at=None, revoked_at=None)
    if found is None:
        raise LinkRefused
    links.check(token, found.token_hash, found.expires_at)
    return found


def _open(tenant_id: UUID) -> "QuerySet[Invitation]":
    return Invitation.filter(tenant_id=tenant_id, accepted_at=None, revoked_at=None)
