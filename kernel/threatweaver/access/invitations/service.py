"""Inviting people, by those who hold what the place gives. No request, no schema; in a control scope."""

from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.access.rights import evaluate, refuse_beyond, serialize
from threatweaver.access.roles.service import permissions_of
from threatweaver.access.users import seats
from threatweaver.access.users.errors import UserExists
from threatweaver.auth.account import invitations
from threatweaver.auth.account.models import Invitation
from threatweaver.auth.models import Membership, User
from threatweaver.auth.principal import Principal
from threatweaver.http.errors import NotFound

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def invite(kernel: "Kernel", caller: Principal, *, email: str, role: str, name: str = "") -> Invitation:
    """Invite somebody who is no active member.

    Raises NoSuchRole, BeyondYourRights, UserExists, SeatsExhausted.
    """
    await serialize(caller.tenant_id)
    given = await permissions_of(kernel.registry.grants, schema=caller.schema, name=role)
    refuse_beyond(caller, given)
    known = await User.get_or_none(email=email.strip().lower())
    if known:  # who was here before gets their grants and groups back with the place
        held = await evaluate(kernel.registry.grants, schema=caller.schema, user_id=known.id, role=role)
        refuse_beyond(caller, held.names)
    if known and await Membership.exists(
        user_id=known.id, tenant_id=caller.tenant_id, deactivated_at__isnull=True
    ):
        raise UserExists
    await seats.take(kernel.license, known.id if known else None)
    return await invitations.create(
        kernel, tenant_id=caller.tenant_id, email=email, role=role, name=name, invited_by=caller.user_id
    )


async def resend(kernel: "Kernel", caller: Principal, invitation_id: UUID) -> Invitation:
    """Replace an open invitation by a new one. Raises NotFound and what `invite` raises."""
    old = await Invitation.get_or_none(
        id=invitation_id, tenant_id=caller.tenant_id, accepted_at=None, revoked_at=None
    )
    if old is None:
        raise NotFound
    return await invite(kernel, caller, email=old.email, role=old.role, name=old.name)
