"""What administrators do to users of their tenant. No request, no schema; in a control scope.

Whoever acts on a user holds every permission that the user has, before and after.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.rights import evaluate, refuse_beyond, serialize
from threatweaver.access.roles.service import permissions_of
from threatweaver.access.users import admins, queries, seats
from threatweaver.access.users.errors import EmailInUse, PersonShared, UserExists
from threatweaver.auth import passwords
from threatweaver.auth.account import invitations, links
from threatweaver.auth.login import steps
from threatweaver.auth.mfa import service as mfa
from threatweaver.auth.models import Membership, User
from threatweaver.auth.permissions import PLATFORM
from threatweaver.auth.principal import Principal
from threatweaver.events.kernel import UserDeactivated, UserReactivated
from threatweaver.events.service import publish_in
from threatweaver.http.errors import NotFound
from threatweaver.notify.mail import service as mail
from threatweaver.tenancy import operators

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Person:
    """A user and their place in the tenant."""

    user: User
    place: Membership


async def create(
    kernel: "Kernel", caller: Principal, *, email: str, role: str, name: str = "", hashed: str | None = None
) -> User:
    """Make an account with a place in the caller's tenant; without a password, mail a link that sets one.

    A password that somebody else chose must be changed at the first sign-in.
    Raises NoSuchRole, BeyondYourRights, UserExists, EmailInUse, SeatsExhausted.
    """
    await serialize(caller.tenant_id)
    await _check_role(kernel, caller, role)
    email = email.strip().lower()
    known = await User.get_or_none(email=email)
    if known is not None:
        here = await Membership.exists(user_id=known.id, tenant_id=caller.tenant_id)
        raise UserExists if here else EmailInUse
    await seats.take(kernel.license)
    user = await User.create(
        email=email,
        name=name,
        password_hash=hashed or passwords.NONE,
        must_change_password=hashed is not None,
    )
    await Membership.create(user_id=user.id, tenant_id=caller.tenant_id, role=role)
    if hashed is None:
        await _mail_link(kernel, caller, user)
    return user


async def update(
    kernel: "Kernel", caller: Principal, user_id: UUID, changes: Mapping[str, str]
) -> dict[str, str]:
    """Change role, name or e-mail address; return what the changed members were.

    Raises NotFound, NoSuchRole, BeyondYourRights, LastAdmin, PersonShared, EmailInUse.
    """
    person = await own(kernel, caller, user_id)
    own_data = {name: value for name, value in changes.items() if name != "role"}
    before = {name: str(getattr(person.user, name)) for name in own_data}
    if "role" in changes:
        before["role"] = person.place.role
        await _check_role(kernel, caller, changes["role"])
        async with admins.one_stays(caller.tenant_id):
            await Membership.filter(id=person.place.id).update(role=changes["role"])
    if own_data:
        await _refuse_shared(person)
        await _change_account(person.user, own_data)
    return before


async def deactivate(kernel: "Kernel", caller: Principal, user_id: UUID) -> None:
    """Take a user's place away, with their sessions and tokens here; the row stays as history.

    Raises NotFound, BeyondYourRights, LastAdmin.
    """
    person = await own(kernel, caller, user_id)
    if person.place.deactivated_at is None:
        async with admins.one_stays(caller.tenant_id):
            await Membership.filter(id=person.place.id).update(deactivated_at=datetime.now(UTC))
        await publish_in(caller.tenant_id, UserDeactivated(user_id))
    await queries.end_sessions(caller.tenant_id, user_id)
    await queries.end_tokens(caller.tenant_id, user_id)
    await invitations.revoke_for(caller.tenant_id, person.user.email)


async def reactivate(kernel: "Kernel", caller: Principal, user_id: UUID) -> None:
    """Give a user their place back. Raises NotFound, BeyondYourRights, SeatsExhausted."""
    person = await own(kernel, caller, user_id)
    if person.place.deactivated_at is not None:
        await seats.take(kernel.license, user_id)
        await Membership.filter(id=person.place.id).update(deactivated_at=None)
        await publish_in(caller.tenant_id, UserReactivated(user_id))


async def reset_password(kernel: "Kernel", caller: Principal, user_id: UUID) -> None:
    """Void a user's password and sessions, and mail a link that sets a new one.

    Raises NotFound, BeyondYourRights, PersonShared.
    """
    person = await own(kernel, caller, user_id)
    await _refuse_shared(person)
    await User.filter(id=user_id).update(password_hash=passwords.NONE, must_change_password=False)
    await queries.end_sessions(caller.tenant_id, user_id)
    await steps.drop(user_id)
    await _mail_link(kernel, caller, person.user)


async def reset_mfa(kernel: "Kernel", caller: Principal, user_id: UUID) -> None:
    """Take a user's second factor away, who lost it, and end their sessions.

    Raises NotFound, BeyondYourRights, PersonShared.
    """
    person = await own(kernel, caller, user_id)
    await _refuse_shared(person)
    await mfa.take_away(kernel, person.user, tenant_id=caller.tenant_id)
    await queries.end_sessions(caller.tenant_id, user_id)
    await steps.drop(user_id)


async def end_sessions(kernel: "Kernel", caller: Principal, user_id: UUID) -> None:
    """End a user's sessions in this tenant. Raises NotFound, BeyondYourRights."""
    await own(kernel, caller, user_id)
    await queries.end_sessions(caller.tenant_id, user_id)


async def own(kernel: "Kernel", caller: Principal, user_id: UUID) -> Person:
    """Return a user of the caller's tenant on whom the caller may act; serializes such acts.

    Raises NotFound, BeyondYourRights.
    """
    await serialize(caller.tenant_id)
    place = await Membership.get_or_none(user_id=user_id, tenant_id=caller.tenant_id)
    if place is None:
        raise NotFound
    roles = kernel.registry.grants
    held = await evaluate(roles, schema=caller.schema, user_id=user_id, role=place.role)
    refuse_beyond(caller, held.names)
    if await operators.is_one(user_id) and not await operators.acts(kernel, caller):
        raise BeyondYourRights(PLATFORM)  # an operator's account opens every tenant
    return Person(await User.get(id=user_id), place)


async def _check_role(kernel: "Kernel", caller: Principal, role: str) -> None:
    roles = kernel.registry.grants
    refuse_beyond(caller, await permissions_of(roles, schema=caller.schema, name=role))


async def _refuse_shared(person: Person) -> None:
    """Raise PersonShared when the account is not this tenant's alone: it opens doors elsewhere, too."""
    if await Membership.filter(user_id=person.user.id).exclude(id=person.place.id).exists():
        raise PersonShared


async def _change_account(user: User, changes: dict[str, str]) -> None:
    if "email" in changes:
        email = changes["email"].strip().lower()
        if await User.filter(email=email).exclude(id=user.id).exists():
            raise EmailInUse
        await User.filter(id=user.id).update(email=email, email_verified_at=None)
        await links.drop_all(user.id)  # they went to the old address
    if "name" in changes:
        await User.filter(id=user.id).update(name=changes["name"])


async def _mail_link(kernel: "Kernel", caller: Principal, user: User) -> None:
    token = await links.create("reset", user.id)
    await mail.queue(
        kernel,
        to=user.email,
        subject="Set your ThreatWeaver password",
        text="An administrator asks you to set a password within an hour:\n\n"
        f"{links.url(kernel, 'reset-password', token)}\n\n"
        "Later, ask for a new link where you sign in.\n",
        tenant_id=caller.tenant_id,
    )
