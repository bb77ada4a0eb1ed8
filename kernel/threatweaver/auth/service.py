"""Sessions and their tokens: open, refresh, move, close. No request, no schema, no status code."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.audit import service as audit
from threatweaver.auth import password_door, passwords, queries, tokens
from threatweaver.auth.errors import RefreshRefused
from threatweaver.auth.models import Membership, Session, User
from threatweaver.auth.principal import Method, Principal, as_method
from threatweaver.auth.queries import Identity
from threatweaver.db.transaction import Database
from threatweaver.http.errors import NotFound
from threatweaver.ids import uuid7
from threatweaver.notify.events.catalog import NEW_DEVICE
from threatweaver.notify.events.service import raise_event
from threatweaver.severity import Severity

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A fresh pair of tokens and whom they stand for; `places` are all tenants of the person."""

    access_token: str
    refresh_token: str
    identity: Identity
    session_id: UUID
    places: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the tokens of sessions."""

    kernel: "Kernel"

    def access_token(self, identity: Identity, session_id: UUID, now: datetime) -> str:
        """Issue an access token with the documented claims, and `sid`: what a revocation names."""
        claims = {
            "userId": str(identity.user_id),
            "role": identity.role,
            "tenantId": str(identity.tenant_id),
            "tenantSlug": identity.tenant_slug,
            "tenantPlan": identity.tenant_plan,
            "licenseJti": self.kernel.license.jti,
            "sid": str(session_id),
        }
        lifetime = self.kernel.settings.jwt_expires_in
        return tokens.issue(self.kernel.keys.access_token, claims, now=now, lifetime=lifetime)

    def refresh_token(self, session_id: UUID) -> str:
        """Return a new refresh token of a session."""
        return tokens.new_refresh(self.kernel.keys.refresh_token, session_id)

    def sign_in(self, identity: Identity, session_id: UUID, refresh_token: str, now: datetime) -> SignIn:
        """Return the pair of tokens of a session."""
        return SignIn(
            access_token=self.access_token(identity, session_id, now),
            refresh_token=refresh_token,
            identity=identity,
            session_id=session_id,
        )


async def open_session(
    signer: Signer, identity: Identity, *, user_agent: str, address: str, method: Method, mfa: bool
) -> SignIn:
    """Open a session for somebody whose identity is proven, in a transaction of its own.

    Raises TenantSuspended, AddressRefused.
    """
    await signer.kernel.standings.admit(identity.tenant_id, address)
    expires_at = datetime.now(UTC) + timedelta(seconds=signer.kernel.settings.jwt_refresh_expires_in)
    async with signer.kernel.database.control() as unit:
        unknown = await queries.is_new_device(identity.user_id, user_agent)
        signed = await _open(
            signer,
            identity,
            user_agent=user_agent,
            address=address,
            method=method,
            mfa=mfa,
            signed_in_at=datetime.now(UTC),
            expires_at=expires_at,
        )
        if unknown:
            await signer.kernel.database.go_on_in_tenant(unit, identity.schema)
            await raise_event(
                signer.kernel,
                NEW_DEVICE.name,
                title=NEW_DEVICE.title,
                severity=Severity.MEDIUM,
                data={"address": address, "device": user_agent[:300]},
                user_id=identity.user_id,
            )
        await audit.record(f"session:{signed.session_id}", who=identity)
    return signed


async def _open(  # noqa: PLR0913 - what a session knows of its sign-in
    signer: Signer,
    identity: Identity,
    *,
    user_agent: str,
    address: str,
    method: Method,
    mfa: bool,
    signed_in_at: datetime,
    expires_at: datetime,
) -> SignIn:
    now, session_id = datetime.now(UTC), uuid7()
    token = signer.refresh_token(session_id)
    settings = await tenant_settings.read(signer.kernel, identity.schema)
    await Session.create(
        id=session_id,
        user_id=identity.user_id,
        tenant_id=identity.tenant_id,
        refresh_hash=tokens.digest(token),
        user_agent=user_agent[:300],
        address=address,
        created_at=signed_in_at,
        last_seen_at=now,
        idle_expires_at=now + timedelta(minutes=settings.session_idle_minutes),
        expires_at=expires_at,
        method=method,
        mfa=mfa,
    )
    await queries.end_surplus_sessions(identity.user_id, identity.tenant_id, settings.session_max)
    await User.filter(id=identity.user_id).update(last_login_at=now)
    await Membership.filter(user_id=identity.user_id, tenant_id=identity.tenant_id).update(last_used_at=now)
    return signer.sign_in(identity, session_id, token, now)


async def switch_tenant(signer: Signer, caller: Principal, tenant_id: UUID, *, address: str) -> SignIn:
    """Go on in another tenant of the caller, in a new session that ends when the old one would have.

    The old session is over with all its tokens.
    Raises NotFound, SsoConfined, SsoRequired, RefreshRefused, TenantSuspended, AddressRefused.
    """
    async with signer.kernel.database.control():
        places = await queries.memberships_of(caller.user_id)
        chosen = next((place for place in places if place.tenant_id == tenant_id), None)
        if chosen is None:
            raise NotFound
        await password_door.require_own_password(signer.kernel, caller, chosen)
        await signer.kernel.standings.admit(chosen.tenant_id, address)
        old = await Session.filter(id=caller.session_id, revoked_at=None).select_for_update().first()
        if old is None:
            raise RefreshRefused
        await Session.filter(id=old.id).update(revoked_at=datetime.now(UTC))
        signed = await _open(
            signer,
            chosen,
            user_agent=old.user_agent,
            address=old.address,
            method=as_method(old.method),
            mfa=old.mfa,
            signed_in_at=old.created_at,
            expires_at=old.expires_at,
        )
        ends, begins = {"session": str(old.id)}, {"session": str(signed.session_id)}
        await audit.record(f"user:{caller.user_id}", before=ends, after=begins)
        return signed


async def refresh(signer: Signer, token: str, *, address: str, user_agent: str, request_id: str) -> SignIn:
    """Exchange a refresh token for a new pair; the replay of any used one revokes the session.

    Two requests at once, of two tabs, get the same one. Raises RefreshRefused, SsoRequired, TenantSuspended,
    AddressRefused.
    """
    session_id, now = tokens.id_of(token), datetime.now(UTC)
    if session_id is None or not tokens.is_ours(signer.kernel.keys.refresh_token, token):
        raise RefreshRefused
    fresh = tokens.next_refresh(signer.kernel.keys.refresh_token, token)
    async with signer.kernel.database.control():
        before = await Session.get_or_none(id=session_id)
        session = await Session.filter(id=session_id).select_for_update().first()
        found = await queries.live_session(session_id) if session else None
        if before is None or session is None or found is None:
            raise RefreshRefused
        replayed = not _is_newest(session, token)
        if replayed and (session.address, session.user_agent) == (address, user_agent[:300]):
            # Good when this request came, used when it had waited for the row: by a twin of it, whose answer
            # nobody had yet. A thief elsewhere is none.
            replayed = not (_is_newest(before, token) and _is_newest(session, fresh))
        if not replayed:
            await password_door.require_open(signer.kernel, found[0], found[1].method)
            await signer.kernel.standings.admit(session.tenant_id, address)
        change = {"revoked_at": now} if replayed else {"refresh_hash": tokens.digest(fresh)}
        await Session.filter(id=session_id).update(**change, refreshed_at=now)
        identity = found[0]
        if replayed:
            await audit.note(
                signer.kernel,
                "auth_refresh_replay",
                tenant_id=identity.tenant_id,
                actor_id=identity.user_id,
                address=address,
                request_id=request_id,
                outcome="failure",
                target=f"session:{session_id}",
            )
        else:
            await audit.record(f"session:{session_id}", who=identity)
    if replayed:  # after the commit, or the revocation would be rolled back with the refusal
        raise RefreshRefused
    return signer.sign_in(identity, session_id, fresh, now)


def _is_newest(session: Session, token: str) -> bool:
    return hmac.compare_digest(session.refresh_hash, tokens.digest(token))


async def logout(database: Database, session_id: UUID) -> None:
    """Revoke a session with all its tokens."""
    async with database.control():
        await Session.filter(id=session_id, revoked_at__isnull=True).update(revoked_at=datetime.now(UTC))
        await audit.record(f"session:{session_id}", before={"live": True}, after={"live": False})


async def create_user(
    database: Database, *, email: str, password: str, role: str, tenant_id: UUID, name: str = ""
) -> User:
    """Create a user, or find the one with this e-mail, and make them a member of the tenant."""
    hashed = await passwords.hash_password(password)
    async with database.control():
        user, _ = await User.get_or_create(
            email=email.strip().lower(), defaults={"password_hash": hashed, "name": name}
        )
        await Membership.get_or_create(user_id=user.id, tenant_id=tenant_id, defaults={"role": role})
    return user
