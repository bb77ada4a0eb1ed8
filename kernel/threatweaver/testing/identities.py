"""Signed-in users for tests, without the cost of a password."""

import secrets
from datetime import UTC, datetime, timedelta

from threatweaver.auth import tokens
from threatweaver.auth.models import Membership, Session, User
from threatweaver.auth.queries import memberships_of
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import Tenant

Headers = dict[str, str]


async def headers_for(kernel: Kernel, *, role: str, tenant: Tenant) -> Headers:
    """Create a user with this role in the tenant and return headers with their access token."""
    now, user_id, session_id = datetime.now(UTC), uuid7(), uuid7()
    async with kernel.database.control():
        await User.create(id=user_id, email=f"{role}-{user_id.hex[-12:]}@example.com", password_hash="-")  # noqa: S106 - no password
        await Membership.create(user_id=user_id, tenant_id=tenant.id, role=role)
        await Session.create(
            id=session_id,
            user_id=user_id,
            tenant_id=tenant.id,
            refresh_hash=tokens.digest(secrets.token_urlsafe(32)),
            expires_at=now + timedelta(hours=1),
        )
        identity = (await memberships_of(user_id))[0]
    return {"Authorization": f"Bearer {kernel.signer().access_token(identity, session_id, now)}"}
