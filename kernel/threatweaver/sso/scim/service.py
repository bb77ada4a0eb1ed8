"""Users and groups as a directory keeps them. In a control scope, and always of one tenant."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.access.users import admins, seats
from threatweaver.access.users.errors import LastAdmin
from threatweaver.auth import passwords
from threatweaver.auth.account import links
from threatweaver.auth.models import Membership, User
from threatweaver.auth.roles import Role
from threatweaver.events.kernel import UserDeactivated, UserReactivated
from threatweaver.events.service import publish_in
from threatweaver.http.errors import NotFound
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.sso.mapping import service as mapping
from threatweaver.sso.models import ScimGroup, ScimMember, ScimUser, SsoTenant
from threatweaver.sso.scim import queries
from threatweaver.sso.scim.errors import ScimInvalidValue, ScimLastAdmin, ScimNotYours, ScimTaken
from threatweaver.sso.scim.patch import GroupChanges
from threatweaver.sso.signin.queries import is_address


async def user(tenant_id: UUID, user_id: UUID) -> asyncpg.Record:
    """Return a user. Raises NotFound."""
    found = await queries.user(tenant_id, user_id)
    if found is None:
        raise NotFound
    return found


async def create_user(kernel: Kernel, tenant_id: UUID, given: Mapping[str, Any]) -> UUID:
    """Provision a member, or take back one who was removed.

    Raises ScimTaken, ScimInvalidValue, ScimLastAdmin, SeatsExhausted.

    Somebody who has an account already, here or elsewhere, is not taken over: they need an invitation.
    """
    email = _address(given["user_name"])
    known = await User.get_or_none(email=email)
    if known is not None:
        left = await Membership.exists(user_id=known.id, tenant_id=tenant_id, deactivated_at__isnull=False)
        removed = left and not await ScimUser.exists(user_id=known.id, tenant_id=tenant_id)
        if not removed:
            raise ScimTaken("This address has an account already. Invite the person instead.")
        user_id = known.id
    if given["active"]:
        await seats.take(kernel.license, known.id if known else None)
    if known is None:
        user_id = uuid7()
        await User.create(id=user_id, email=email, name=_name(given), password_hash=passwords.NONE)
        await Membership.create(
            user_id=user_id, tenant_id=tenant_id, role=Role.VIEWER.value, provisioned=True
        )
    await queries.keep_external_id(tenant_id, user_id, given.get("external_id"))
    async with _keeping_an_admin(tenant_id):
        await _set_active(tenant_id, user_id, active=given["active"])
        await _give_roles(tenant_id, [user_id])
    return user_id


async def change_user(kernel: Kernel, tenant_id: UUID, user_id: UUID, changes: Mapping[str, Any]) -> None:
    """Apply `active`, `external_id`, `display_name` and `user_name`.

    Raises NotFound, ScimTaken, ScimInvalidValue, ScimNotYours, ScimLastAdmin, SeatsExhausted.

    A person whom another tenant knows, too, keeps their name. Who reads the mail of an account can have its
    password, so the address is the directory's to change only of accounts that it made.
    """
    before = await user(tenant_id, user_id)
    external_id = changes.get("external_id", before["external_id"])
    await queries.keep_external_id(tenant_id, user_id, external_id)
    if "active" in changes:
        if changes["active"]:
            await seats.take(kernel.license, user_id)
        async with _keeping_an_admin(tenant_id):
            await _set_active(tenant_id, user_id, active=changes["active"])
    alone = await queries.is_alone_here(tenant_id, user_id)
    if changes.get("display_name") and alone:
        await User.filter(id=user_id).update(name=changes["display_name"][:200])
    if changes.get("user_name") and (email := _address(changes["user_name"])) != before["email"]:
        if not (alone and before["provisioned"]):
            raise ScimNotYours
        await _readdress(user_id, email)


async def _readdress(user_id: UUID, email: str) -> None:
    """Give a person another address, which counts as unverified whatever a provider says of its domain."""
    if await User.exists(email=email):
        raise ScimTaken
    await User.filter(id=user_id).update(email=email, email_verified_at=None)
    await links.drop_all(user_id)  # they went to the old address


async def remove_user(tenant_id: UUID, user_id: UUID) -> None:
    """Deactivate a member and forget what the directory knew of them. Raises NotFound, ScimLastAdmin."""
    await user(tenant_id, user_id)
    async with _keeping_an_admin(tenant_id):
        await _set_active(tenant_id, user_id, active=False)
    await ScimUser.filter(tenant_id=tenant_id, user_id=user_id).delete()
    await ScimMember.filter(tenant_id=tenant_id, user_id=user_id).delete()


def replaced(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a PUT of a user changes."""
    return {
        "active": given["active"],
        "user_name": given["user_name"],
        "display_name": _name(given),
        "external_id": given.get("external_id"),
    }


async def group(tenant_id: UUID, group_id: UUID) -> asyncpg.Record:
    """Return a group. Raises NotFound."""
    found = await queries.group(tenant_id, group_id)
    if found is None:
        raise NotFound
    return found


async def create_group(tenant_id: UUID, given: Mapping[str, Any]) -> UUID:
    """Add a group with its members, whose roles follow. Raises ScimTaken, ScimLastAdmin."""
    if await ScimGroup.exists(tenant_id=tenant_id, display_name=given["display_name"]):
        raise ScimTaken
    made = await ScimGroup.create(
        tenant_id=tenant_id, display_name=given["display_name"], external_id=given.get("external_id")
    )
    members = _values(given)
    await queries.add_members(tenant_id, made.id, members)
    async with _keeping_an_admin(tenant_id):
        await _give_roles(tenant_id, members)
    return made.id


async def change_group(tenant_id: UUID, group_id: UUID, changes: GroupChanges) -> None:
    """Apply changes to a group; the roles of whom they concern follow.

    Raises NotFound, ScimTaken, ScimLastAdmin.
    """
    before = await group(tenant_id, group_id)
    named = {"display_name": changes.display_name, "external_id": changes.external_id}
    kept = {name: value for name, value in named.items() if value is not None}
    clash = ScimGroup.filter(tenant_id=tenant_id, display_name=changes.display_name).exclude(id=group_id)
    if changes.display_name is not None and await clash.exists():
        raise ScimTaken
    if kept:
        await ScimGroup.filter(id=group_id, tenant_id=tenant_id).update(**kept)
    concerned = set(before["members"])
    for verb, members in changes.members:
        if verb in {"remove", "replace"}:
            await queries.remove_members(group_id, members if verb == "remove" else None)
        if verb in {"add", "replace"}:
            await queries.add_members(tenant_id, group_id, members or [])
            concerned.update(members or [])
    async with _keeping_an_admin(tenant_id):
        await _give_roles(tenant_id, concerned)


async def remove_group(tenant_id: UUID, group_id: UUID) -> None:
    """Remove a group; the roles of its members follow. Raises NotFound, ScimLastAdmin."""
    before = await group(tenant_id, group_id)
    await ScimMember.filter(group_id=group_id).delete()
    await ScimGroup.filter(id=group_id, tenant_id=tenant_id).delete()
    async with _keeping_an_admin(tenant_id):
        await _give_roles(tenant_id, before["members"])


def replaced_group(given: Mapping[str, Any]) -> GroupChanges:
    """Return what a PUT of a group changes."""
    return GroupChanges(
        display_name=given["display_name"],
        external_id=given.get("external_id"),
        members=[("replace", _values(given))],
    )


@asynccontextmanager
async def _keeping_an_admin(tenant_id: UUID) -> AsyncIterator[None]:
    """Change members within this block. Raises ScimLastAdmin."""
    try:
        async with admins.one_stays(tenant_id):
            yield
    except LastAdmin:
        raise ScimLastAdmin from None


async def _set_active(tenant_id: UUID, user_id: UUID, *, active: bool) -> None:
    """Let a member in or keep them out, and publish it if that is new."""
    if await queries.set_active(tenant_id, user_id, active=active):
        await publish_in(tenant_id, UserReactivated(user_id) if active else UserDeactivated(user_id))


async def _give_roles(tenant_id: UUID, user_ids: Iterable[UUID]) -> None:
    """Give members the role of their groups, by the rules of no certain provider; else the least one."""
    row = await SsoTenant.get_or_none(tenant_id=tenant_id)
    names = await queries.group_names(tenant_id, list(user_ids))
    if row is None or not names:
        return
    roles = {
        user_id: mapping.decide(row, groups, None).role or Role.VIEWER.value
        for user_id, groups in names.items()
    }
    await queries.give_roles(tenant_id, roles)


def _address(text: str) -> str:
    email = text.strip().lower()
    if not is_address(email):
        raise ScimInvalidValue("userName is an e-mail address.")
    return email


def _name(given: Mapping[str, Any]) -> str:
    name = given.get("name") or {}
    parts = [name.get("givenName"), name.get("familyName")]
    whole = " ".join(part for part in parts if isinstance(part, str))
    return str(given.get("display_name") or name.get("formatted") or whole)[:200]


def _values(given: Mapping[str, Any]) -> list[UUID]:
    return [member["value"] for member in given.get("members") or []]
