"""Registration by the tenant's policy: the account comes to be when its address is verified.

Anybody can register anybody's address. So the password that was given counts only in the browser that gave
it; whoever opens the link elsewhere has the mailbox, and chooses the account's password.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.access.users import seats
from threatweaver.admin.settings import service as tenant_settings
from threatweaver.audit import service as audit
from threatweaver.auth import passwords, queries, tokens
from threatweaver.auth.account import links
from threatweaver.auth.account.errors import LinkRefused, RegistrationClosed
from threatweaver.auth.account.models import Registration
from threatweaver.auth.models import Membership, User
from threatweaver.auth.password import service as password_service
from threatweaver.auth.roles import Role
from threatweaver.ids import uuid7
from threatweaver.notify.mail import service as mail
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

LIFETIME = timedelta(days=2)
_PAGE = "verify-email"


@dataclass(frozen=True, slots=True)
class Verified:
    """An address that is verified, and what chooses the password of an account that nobody can claim yet."""

    user: User
    reset_token: str | None = None


async def register(
    kernel: "Kernel", *, email: str, password: str, name: str, tenant: str | None, browser: str
) -> None:
    """Ask for an account; the mail tells how to go on, the answer never whether there is one already.

    `browser` is the secret by which the browser that registers is known again.
    Raises RegistrationClosed, PasswordRefused.
    """
    email = email.strip().lower()
    async with kernel.database.control(read_only=True):
        found = await Tenant.get_or_none(
            slug=tenant or ("" if kernel.settings.saas else kernel.settings.tenant)
        )
    if found is None:
        raise RegistrationClosed
    settings = await tenant_settings.read(kernel, found.schema)
    domains = settings.registration_domains
    if settings.registration != "open" or (domains and email.rpartition("@")[2] not in domains):
        raise RegistrationClosed
    hashed = await password_service.new_hash(kernel, password, email=email, schema=found.schema)
    async with links.same_time(), kernel.database.control():
        if await User.exists(email=email):
            await _tell_account(kernel, email, found.id)
        else:
            await Registration.filter(tenant_id=found.id, email=email).delete()
            wanted = Registration(tenant_id=found.id, email=email, name=name, password_hash=hashed)
            wanted.browser_hash = tokens.digest(browser)
            await _store(kernel, wanted)
        await audit.record()


async def resend(kernel: "Kernel", *, email: str) -> None:
    """Send the link anew to an address that waits for its verification; the answer never tells whether."""
    email = email.strip().lower()
    async with links.same_time(), kernel.database.control():
        await _send_anew(kernel, email)
        await audit.record()


async def _send_anew(kernel: "Kernel", email: str) -> None:
    waiting = await Registration.filter(email=email, expires_at__gt=datetime.now(UTC)).first()
    if waiting is not None:
        await Registration.filter(id=waiting.id).delete()
        await _store(kernel, waiting)
        return
    user = await User.get_or_none(email=email, is_active=True, email_verified_at=None)
    home = await queries.home_of(email)
    if user is not None and home is not None:
        await _send_link(kernel, email, await links.create("verify", user.id), home)


async def verify(kernel: "Kernel", token: str, *, browser: str) -> Verified:
    """Verify an address, which makes the account of a registration.

    Its password is the one that was registered, if this is the browser that did; else none, until the owner
    of the mailbox has chosen one with the reset token. An account that somebody else made for the address is
    its owner's by the same token.
    Raises LinkRefused, SeatsExhausted.
    """
    async with kernel.database.control():
        waiting = await Registration.filter(id=tokens.id_of(token)).select_for_update().first()
        if waiting is not None:
            links.check(token, waiting.token_hash, waiting.expires_at)
            await seats.take(kernel.license)
            verified = await _make_account(waiting, browser)
        else:
            verified = await _verify_account(token)
        places = await queries.memberships_of(verified.user.id)
        after = {"awaits": "password"} if verified.reset_token else {"emailVerified": True}
        await audit.record(f"user:{verified.user.id}", after=after, who=next(iter(places), None))
    return verified


async def _verify_account(token: str) -> Verified:
    link = await links.find("verify", token)
    await links.use_up(link)
    user = await User.get(id=link.user_id)
    if user.mailbox_proven_at is None:
        return Verified(user, await links.create("reset", user.id))
    await User.filter(id=user.id).update(email_verified_at=datetime.now(UTC))
    return Verified(user)


async def _make_account(waiting: Registration, browser: str) -> Verified:
    if await User.exists(email=waiting.email):
        raise LinkRefused  # invited or registered elsewhere meanwhile
    own = hmac.compare_digest(waiting.browser_hash or b"", tokens.digest(browser))
    now = datetime.now(UTC)
    user = await User.create(
        email=waiting.email,
        name=waiting.name,
        password_hash=waiting.password_hash if own else passwords.NONE,
        email_verified_at=now,
        mailbox_proven_at=now,
    )
    await Membership.create(user_id=user.id, tenant_id=waiting.tenant_id, role=Role.VIEWER.value)
    await Registration.filter(email=waiting.email).delete()
    return Verified(user, None if own else await links.create("reset", user.id))


async def _store(kernel: "Kernel", wanted: Registration) -> None:
    registration_id = uuid7()
    token = tokens.new_for(registration_id)
    await Registration.create(
        id=registration_id,
        tenant_id=wanted.tenant_id,
        email=wanted.email,
        name=wanted.name,
        password_hash=wanted.password_hash,
        token_hash=tokens.digest(token),
        browser_hash=wanted.browser_hash,
        expires_at=datetime.now(UTC) + LIFETIME,
    )
    await _send_link(kernel, wanted.email, token, wanted.tenant_id)


async def _send_link(kernel: "Kernel", email: str, token: str, tenant_id: UUID) -> None:
    await mail.queue(
        kernel,
        to=email,
        subject="Verify your e-mail address for ThreatWeaver",
        text="Somebody, hopefully you, gave this address to ThreatWeaver. Verify it within two days:\n\n"
        f"{links.url(kernel, _PAGE, token)}\n\nIf it was not you, do nothing.\n",
        tenant_id=tenant_id,
    )


async def _tell_account(kernel: "Kernel", email: str, tenant_id: UUID) -> None:
    await mail.queue(
        kernel,
        to=email,
        subject="You have a ThreatWeaver account already",
        text="Somebody, hopefully you, wanted to register this address, which has an account already.\n"
        f"Sign in or reset its password:\n\n{kernel.settings.public_url}/forgot-password\n\n"
        "To join another tenant, ask its administrator for an invitation.\n",
        tenant_id=tenant_id,
    )
