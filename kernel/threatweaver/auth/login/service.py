"""Signing in. No request, no schema, no status code."""

from dataclasses import dataclass, replace
from uuid import UUID

from threatweaver.audit import service as audit
from threatweaver.auth import password_door, passwords, queries, service
from threatweaver.auth.errors import BadCredentials, SsoRequired, StepRefused
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.lockout.service import Attempt, Visitor
from threatweaver.auth.login import steps
from threatweaver.auth.login.models import LoginStep
from threatweaver.auth.login.steps import Awaits, Course
from threatweaver.auth.mfa import service as mfa_service
from threatweaver.auth.mfa.errors import MfaRefused
from threatweaver.auth.mfa.service import Proof
from threatweaver.auth.models import User
from threatweaver.auth.queries import Identity
from threatweaver.auth.service import Signer, SignIn
from threatweaver.http.errors import NotFound
from threatweaver.notify.events.catalog import USER_LOCKED
from threatweaver.notify.events.service import raise_in
from threatweaver.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A sign-in that needs one more step; its token is good for five minutes."""

    awaits: Awaits
    token: str
    places: tuple[Identity, ...] = ()


async def login(
    signer: Signer, *, email: str, password: str, choose_tenant: bool, visitor: Visitor
) -> SignIn | Pending:
    """Check a password and go on. Raises BadCredentials, which never says what was wrong, SignInDelayed."""
    database, email = signer.kernel.database, email.strip().lower()
    async with database.control():
        attempt = await lockout.begin(email, visitor)
        user = await User.get_or_none(email=email, is_active=True)
        home = await queries.home_of(email)
    # Outside any transaction: argon2 takes longer than a connection should be held.
    if not await passwords.verify(user.password_hash if user else None, password) or user is None:
        await _tell_failure(signer, "auth_login", user, home, attempt, visitor)
        raise BadCredentials
    renewed = await passwords.renewed(user.password_hash, password)
    async with database.control():
        await lockout.succeeded(attempt)
        if renewed:
            await User.filter(id=user.id, password_hash=user.password_hash).update(password_hash=renewed)
        if user.mfa_enabled_at is None:  # the second factor makes a device familiar otherwise
            await lockout.remember(user.id, email, visitor)
    course = Course(user_id=user.id, method="password", choose=choose_tenant)
    return await proceed(signer, user, course, visitor)


async def _tell_failure(
    signer: Signer, action: str, user: User | None, home: UUID | None, attempt: Attempt, visitor: Visitor
) -> None:
    """Note a wrong attempt, and whether it was the one that makes the next ones wait."""
    await audit.event(
        signer.kernel,
        action,
        tenant_id=home,
        actor_id=None,
        address=visitor.address,
        request_id=visitor.request_id,
        outcome="failure",
        target=f"user:{user.id}" if user else "",
        details={"attempts": attempt.failures, "delayed": attempt.failures >= lockout.FREE},
    )
    if user and home and attempt.failures == lockout.FREE:
        await raise_in(
            signer.kernel,
            home,
            USER_LOCKED.name,
            title=f"Sign-ins as {user.email} are slowed down after {lockout.FREE} wrong attempts",
            severity=Severity.HIGH,
            data={"userId": str(user.id), "address": visitor.address},
            key=str(user.id),
        )


async def proceed(signer: Signer, user: User, course: Course, visitor: Visitor) -> SignIn | Pending:
    """Go on with somebody whose first factor was good: second factor, tenant, session.

    Raises BadCredentials when the person has no place, or none in the tenant of the course; SsoRequired
    when a password opens none of them.
    """
    asked = course.choose or signer.kernel.settings.sign_in_tenant == "ask"
    async with signer.kernel.database.control():
        places = await queries.memberships_of(user.id)
        chosen = [place for place in places if course.tenant_id in (None, place.tenant_id)]
        if not chosen:
            raise BadCredentials
        if course.method == "password":
            chosen = await password_door.open_places(signer.kernel, chosen)
        if not chosen:
            raise SsoRequired
        if user.mfa_enabled_at is not None and not course.mfa:
            return await _pend("mfa", course, chosen)
        if course.choose or (asked and len(chosen) > 1):
            return await _pend("tenant", course, chosen)
    return await _open(signer, chosen[0], places, course, visitor)


async def _pend(awaits: Awaits, course: Course, chosen: list[Identity]) -> Pending:
    """Let a sign-in wait for its next step; the log of the person's first place says so."""
    places = tuple(chosen) if awaits == "tenant" else ()
    pending = Pending(awaits=awaits, token=await steps.begin(awaits, course), places=places)
    await audit.record(f"user:{course.user_id}", after={"awaits": awaits}, who=chosen[0])
    return pending


async def validate_mfa(signer: Signer, *, token: str, proof: Proof, visitor: Visitor) -> SignIn | Pending:
    """Complete a sign-in with a second factor. Raises StepRefused, MfaRefused, SignInDelayed."""
    kernel = signer.kernel
    async with kernel.database.control():
        step = await steps.attempt("mfa", token)
        user = await _person(step)
        attempt = await lockout.begin(user.email, visitor, step="mfa")
        good = await mfa_service.prove(kernel, user, proof)
        if good:
            course = replace(await steps.finish(step), mfa=True)
            await lockout.succeeded(attempt)
            await lockout.remember(user.id, user.email, visitor)
        home = await queries.home_of(user.email)
    if not good:  # after the commit, so that the attempt stays counted
        await _tell_failure(signer, "auth_mfa_validate", user, home, attempt, visitor)
        raise MfaRefused
    return await proceed(signer, user, course, visitor)


async def select_tenant(signer: Signer, *, token: str, tenant_id: UUID, visitor: Visitor) -> SignIn:
    """Complete a sign-in in one of the person's tenants. Raises StepRefused, NotFound."""
    async with signer.kernel.database.control():
        step = await steps.attempt("tenant", token)
        user = await _person(step)
        places = await queries.memberships_of(user.id)
        if step.method == "password":
            places = await password_door.open_places(signer.kernel, places)
        chosen = next((place for place in places if place.tenant_id == tenant_id), None)
        if chosen is None:
            raise NotFound
        course = await steps.finish(step)
    return await _open(signer, chosen, places, course, visitor)


async def _person(step: LoginStep) -> User:
    user = await User.get_or_none(id=step.user_id, is_active=True)
    if user is None:
        raise StepRefused
    return user


async def _open(
    signer: Signer, chosen: Identity, places: list[Identity], course: Course, visitor: Visitor
) -> SignIn:
    signed = await service.open_session(
        signer,
        chosen,
        user_agent=visitor.user_agent,
        address=visitor.address,
        method=course.method,
        mfa=course.mfa,
    )
    return replace(signed, places=tuple(places))
