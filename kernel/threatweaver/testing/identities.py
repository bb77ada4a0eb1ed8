"""Signed-in users for tests, without the cost of a password."""

import secrets
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher

from threatweaver.auth import tokens
from threatweaver.auth.models import Membership, Session, User
from threatweaver.auth.queries import memberships_of
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import PlatformOperator, Tenant
from threatweaver.testing.contract.values import PASSWORD

Headers = dict[str, str]


@cache
def _password_hash() -> str:
    """The hash of PASSWORD, made once: everybody here has the same."""
    return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)


async def headers_for(kernel: Kernel, *, role: str, tenant: Tenant, password: bool = True) -> Headers:
    """Create a user with this role in the tenant and return headers with their access token.

    Their password is the one that every test knows, or none.
    """
    now, user_id, session_id = datetime.now(UTC), uuid7(), uuid7()
    async with kernel.database.control():
        email = f"{role}-{user_id.hex[-12:]}@example.com"
        await User.create(id=user_id, email=email, password_hash=_password_hash() if password else "-")
        if role == "operator":
            await PlatformOperator.create(user_id=user_id, tenant_id=tenant.id)
        held = "admin" if role == "operator" else role
        await Membership.create(user_id=user_id, tenant_id=tenant.id, role=held)
        await Session.create(
            id=session_id,
            user_id=user_id,
            tenant_id=tenant.id,
            refresh_hash=tokens.digest(secrets.token_urlsafe(32)),
            last_seen_at=now,
            expires_at=now + timedelta(days=1),
        )
        identity = (await memberships_of(user_id))[0]
    return {"Authorization": f"Bearer {kernel.signer().access_token(identity, session_id, now)}"}
