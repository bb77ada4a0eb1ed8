"""Signing in and out. No request, no schema, no status code."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from threatweaver.auth import passwords, tokens
from threatweaver.auth.errors import BadCredentials, RefreshRefused
from threatweaver.auth.keys import Keys
from threatweaver.auth.models import Membership, Session, User
from threatweaver.auth.principal import Method
from threatweaver.auth.queries import Identity, live_session, memberships_of
from threatweaver.config import Settings
from threatweaver.db.transaction import Database
from threatweaver.ids import uuid7
from threatweaver.tenancy.standing import Standings


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A fresh pair of tokens and whom they stand for."""

    access_token: str
    refresh_token: str
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What signing in needs of the process."""

    database: Database
    keys: Keys
    settings: Settings
    license_jti: str | None
    standings: Standings

    def access_token(self, identity: Identity, session_id: UUID, now: datetime) -> str:
        """Issue an access token with the documented claims, and `sid`: what a revocation names."""
        claims = {
            "userId": str(identity.user_id),
            "role": identity.role,
            "tenantId": str(identity.tenant_id),
            "tenantSlug": identity.tenant_slug,
            "tenantPlan": identity.tenant_plan,
            "licenseJti": self.license_jti,
            "sid": str(session_id),
        }
        return tokens.issue(self.keys.access_token, claims, now=now, lifetime=self.settings.jwt_expires_in)

    def sign_in(self, identity: Identity, session_id: UUID, refresh_token: str, now: datetime) -> SignIn:
        """Return the pair of tokens of a session."""
        return SignIn(
            access_token=self.access_token(identity, session_id, now),
            refresh_token=refresh_token,
            identity=identity,
        )


async def login(signer: Signer, *, email: str, password: str, user_agent: str, address: str) -> SignIn:
    """Check a password and open a session. Raises BadCredentials, which never says which part was wrong."""
    async with signer.database.control(read_only=True):
        user = await User.get_or_none(email=email.strip().lower(), is_active=True)
    # Outside any transaction: argon2 takes longer than a connection should be held.
    if not await passwords.verify(user.password_hash if user else None, password) or user is None:
        raise BadCredentials
    async with signer.database.control(read_only=True):
        identities = await memberships_of(user.id)
    if not identities:
        raise BadCredentials
    return await open_session(
        signer, identities[0], user_agent=user_agent, address=address, method="password", mfa=False
    )


async def open_session(
    signer: Signer, identity: Identity, *, user_agent: str, address: str, method: Method, mfa: bool
) -> SignIn:
    """Open a session for somebody whose identity is proven, in a transaction of its own.

    Raises TenantSuspended, AddressRefused.
    """
    await signer.standings.admit(identity.tenant_id, address)
    now, session_id = datetime.now(UTC), uuid7()
    token = tokens.new_refresh(signer.keys.refresh_token, session_id)
    async with signer.database.control():
        await Session.create(
            id=session_id,
            user_id=identity.user_id,
            tenant_id=identity.tenant_id,
            refresh_hash=tokens.digest(token),
            method=method,
            mfa=mfa,
            user_agent=user_agent[:300],
            address=address,
            last_seen_at=now,
            expires_at=now + timedelta(seconds=signer.settings.jwt_refresh_expires_in),
        )
        await User.filter(id=identity.user_id).update(last_login_at=now)
        await Membership.filter(user_id=identity.user_id, tenant_id=identity.tenant_id).update(
            last_used_at=now
        )
    return signer.sign_in(identity, session_id, token, now)


async def refresh(signer: Signer, token: str, *, address: str) -> SignIn:
    """Exchange a refresh token for a new pair; the replay of any used one revokes the session.

    Raises RefreshRefused, TenantSuspended, AddressRefused.
    """
    session_id, now = tokens.session_of(token), datetime.now(UTC)
    if session_id is None or not tokens.is_ours(signer.keys.refresh_token, token):
        raise RefreshRefused
    fresh = tokens.new_refresh(signer.keys.refresh_token, session_id)
    async with signer.database.control():
        session = await Session.filter(id=session_id).select_for_update().first()
        found = await live_session(session_id) if session else None
        if session is None or found is None:
            raise RefreshRefused
        replayed = not hmac.compare_digest(session.refresh_hash, tokens.digest(token))
        if not replayed:
            await signer.standings.admit(session.tenant_id, address)
        change = {"revoked_at": now} if replayed else {"refresh_hash": tokens.digest(fresh)}
        await Session.filter(id=session_id).update(**change, refreshed_at=now)
    if replayed:  # after the commit, or the revocation would be rolled back with the refusal
        raise RefreshRefused
    return signer.sign_in(found[0], session_id, fresh, now)


async def logout(database: Database, session_id: UUID) -> None:
    """Revoke a session with all its tokens."""
    async with database.control():
        await Session.filter(id=session_id, revoked_at__isnull=True).update(revoked_at=datetime.now(UTC))


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
