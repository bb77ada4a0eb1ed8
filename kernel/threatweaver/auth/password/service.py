"""Changing a password, and replacing one that was forgotten."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.admin.settings.values import TenantSettings
from threatweaver.audit import service as audit
from threatweaver.auth import again, passwords, queries
from threatweaver.auth.account import links, ownership
from threatweaver.auth.account.errors import LinkRefused
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.lockout.service import Visitor
from threatweaver.auth.login import steps
from threatweaver.auth.models import User
from threatweaver.auth.password import policy
from threatweaver.auth.password.errors import PasswordRefused
from threatweaver.auth.principal import Principal
from threatweaver.auth.sessions import service as sessions
from threatweaver.notify.mail import service as mail
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def new_hash(kernel: "Kernel", password: str, *, email: str, schema: str) -> str:
    """Return the hash of a password that the tenant's policy allows, outside of a scope.

    Raises PasswordRefused.
    """
    settings = await tenant_settings.read(kernel, schema)
    policy.check(password, email=email, min_length=settings.password_min_length)
    return await passwords.hash_password(password)


async def min_length(kernel: "Kernel", slug: str | None) -> int:
    """Return the characters that a tenant asks for, those of the product for an unknown one."""
    async with kernel.database.control(read_only=True):
        tenant = await Tenant.get_or_none(slug=slug or kernel.settings.tenant)
    if tenant is None:
        return TenantSettings().password_min_length
    return (await tenant_settings.read(kernel, tenant.schema)).password_min_length


async def change(kernel: "Kernel", caller: Principal, *, current: str, new: str) -> None:
    """Change the caller's password and end their other sessions.

    Raises BadCredentials, SignInDelayed, PasswordRefused, Forbidden.
    """
    user = await again.check_password(kernel, caller, current)
    if passwords.normalized(current) == passwords.normalized(new):
        raise PasswordRefused("This is the password that you have.", reason="UNCHANGED")
    hashed = await new_hash(kernel, new, email=user.email, schema=caller.schema)
    async with kernel.database.control():
        await _store(kernel, user, hashed, keep=caller.session_id, tenant_id=caller.tenant_id)
        await audit.record(f"user:{user.id}", after={"signInMethod": "changed"})


async def forgot(kernel: "Kernel", *, email: str) -> None:
    """Mail a link that sets a new password; the answer never tells whether there is an account."""
    email = email.strip().lower()
    async with links.same_time(), kernel.database.control():
        user = await User.get_or_none(email=email, is_active=True)
        home = await queries.home_of(email)
        if user is not None and home is not None:
            await _mail_link(kernel, user, home)
        await audit.record()


async def _mail_link(kernel: "Kernel", user: User, home: UUID) -> None:
    token = await links.create("reset", user.id)
    await mail.queue(
        kernel,
        to=user.email,
        subject="Reset your ThreatWeaver password",
        text="Somebody, hopefully you, asked for a new password. Set it within an hour:\n\n"
        f"{links.url(kernel, 'reset-password', token)}\n\nIf it was not you, do nothing.\n",
        tenant_id=home,
    )


async def reset(kernel: "Kernel", *, token: str, password: str, visitor: Visitor) -> None:
    """Set a new password with a mailed token and end all sessions.

    The visitor's device becomes familiar, so that nobody's guessing makes its owner wait. API tokens and the
    second factor stay, unless this is the first proof of the mailbox. Raises LinkRefused, PasswordRefused.
    """
    async with kernel.database.control(read_only=True):
        link = await links.find("reset", token)
        user = await User.get_or_none(id=link.user_id, is_active=True)
        places = await queries.memberships_of(link.user_id)
    if user is None or not places:
        raise LinkRefused
    hashed = await new_hash(kernel, password, email=user.email, schema=places[0].schema)
    async with kernel.database.control():
        await links.use_up(link)
        await _store(kernel, user, hashed, keep=None, tenant_id=places[0].tenant_id)
        await ownership.prove(kernel, user, tenant_id=places[0].tenant_id)
        await lockout.remember(user.id, user.email, visitor)
        await audit.record(f"user:{user.id}", after={"signInMethod": "reset"}, who=places[0])


async def _store(kernel: "Kernel", user: User, hashed: str, *, keep: UUID | None, tenant_id: UUID) -> None:
    """Replace a password with all that the old one led to, and tell its owner."""
    await User.filter(id=user.id).update(
        password_hash=hashed, password_changed_at=datetime.now(UTC), must_change_password=False
    )
    await sessions.revoke_others(user.id, but=keep)
    await steps.drop(user.id)
    await links.drop("reset", user.id)
    await mail.queue(
        kernel,
        to=user.email,
        subject="Your ThreatWeaver password was changed",
        text="Your password was changed, and your other sessions were ended.\n\n"
        "If it was not you, reset it now and tell your administrator:\n"
        f"{kernel.settings.public_url}/forgot-password\n",
        tenant_id=tenant_id,
    )
