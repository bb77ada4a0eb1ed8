"""What a live session must satisfy on each request, and its owner's list of sessions."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.auth.errors import MfaRequired, PasswordChangeRequired
from threatweaver.auth.principal import Principal, SessionState
from threatweaver.auth.sessions import queries
from threatweaver.http.errors import NotFound, TokenInvalid

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_EVERY = timedelta(minutes=1)


async def note_use(kernel: "Kernel", caller: Principal, state: SessionState) -> None:
    """Move the end of an idle session on, at most once a minute."""
    now = datetime.now(UTC)
    if caller.session_id is None or (state.last_seen_at is not None and now - state.last_seen_at < _EVERY):
        return
    settings = await tenant_settings.read(kernel, caller.schema)
    async with kernel.database.control():
        await queries.touch(caller.session_id, now, timedelta(minutes=settings.session_idle_minutes))


async def check_standing(kernel: "Kernel", caller: Principal, state: SessionState) -> None:
    """Refuse a session that must first do something. Raises PasswordChangeRequired, MfaRequired.

    A second factor is asked of people whose password we check; who comes by SAML or OpenID Connect has
    the identity provider's.
    """
    if state.must_change_password and state.method == "password":
        raise PasswordChangeRequired
    if not state.mfa and state.method in ("password", "ldap"):
        settings = await tenant_settings.read(kernel, caller.schema)
        if settings.mfa_required:
            raise MfaRequired


async def hold(session_id: UUID) -> None:
    """Keep a session from ending while it makes what outlives it, in a control scope.

    A process remembers for three seconds that a session was good; what revokes a session's person must not
    leave them what they made meanwhile. Raises TokenInvalid.
    """
    if not await queries.hold(session_id):
        raise TokenInvalid


async def list_own(caller: Principal) -> list[asyncpg.Record]:
    """Return the caller's live sessions, the newest first; in a control scope."""
    return await queries.live_of(caller.user_id, caller.session_id, _only(caller))


async def revoke(caller: Principal, session_id: UUID) -> None:
    """End one of the caller's sessions, in a control scope. Raises NotFound."""
    if not await queries.revoke(caller.user_id, session_id, _only(caller)):
        raise NotFound


async def revoke_others(user_id: UUID, *, but: UUID | None) -> int:
    """End a person's sessions but one; return how many; in a control scope."""
    return await queries.revoke_others(user_id, but, None)


async def revoke_own_others(caller: Principal) -> int:
    """End the caller's sessions but this one; return how many; in a control scope."""
    return await queries.revoke_others(caller.user_id, caller.session_id, _only(caller))


def _only(caller: Principal) -> UUID | None:
    """Return the tenant whose sessions the caller may see, None for all: a directory vouches in its own."""
    by_password = caller.session is not None and caller.session.method == "password"
    return None if by_password else caller.tenant_id
