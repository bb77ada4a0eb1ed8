"""Making, changing, rotating and revoking API tokens. No request, no schema, no status code."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.tokens.errors import BadExpiry
from threatweaver.access.tokens.models import ApiToken
from threatweaver.auth.principal import Principal
from threatweaver.auth.sessions import service as sessions
from threatweaver.auth.tokens import PREFIX, digest
from threatweaver.http.errors import NotFound

LIFETIME = timedelta(days=365)
LONGEST = timedelta(days=731)
_SHOWN = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token and its secret, which is shown this once."""

    token: ApiToken
    secret: str


async def create(
    owner: Principal,
    *,
    name: str,
    scopes: Sequence[str],
    addresses: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> Issued:
    """Issue a token of the caller. Raises BeyondYourRights, BadExpiry, TokenInvalid."""
    now = datetime.now(UTC)
    if owner.session_id is not None:
        await sessions.hold(owner.session_id)
    _check(owner, scopes, expires_at, now)
    secret = _new_secret()
    token = await ApiToken.create(
        user_id=owner.user_id,
        tenant_id=owner.tenant_id,
        name=name,
        prefix=secret[:_SHOWN],
        hash=digest(secret).hex(),
        scopes=sorted(set(scopes)),
        addresses=list(addresses),
        expires_at=expires_at or now + LIFETIME,
    )
    return Issued(token=token, secret=secret)


async def update(owner: Principal, token_id: UUID, changes: dict[str, Any]) -> ApiToken:
    """Change name, scopes, addresses or expiry. Raises NotFound, BeyondYourRights, BadExpiry."""
    token = await locked(token_id, tenant_id=owner.tenant_id, user_id=owner.user_id)
    _check(owner, changes.get("scopes", ()), changes.get("expires_at"), datetime.now(UTC))
    if "scopes" in changes:
        changes = {**changes, "scopes": sorted(set(changes["scopes"]))}
    await token.update_from_dict(changes).save()
    return token


async def rotate(owner: Principal, token_id: UUID, *, overlap: timedelta) -> Issued:
    """Give a token a new secret; the old one stays good for `overlap`. Raises NotFound."""
    token = await locked(token_id, tenant_id=owner.tenant_id, user_id=owner.user_id)
    secret = _new_secret()
    token.previous_hash = token.hash
    token.previous_until = datetime.now(UTC) + overlap
    token.hash = digest(secret).hex()
    token.prefix = secret[:_SHOWN]
    await token.save()
    return Issued(token=token, secret=secret)


async def revoke(token_id: UUID, **owned: UUID) -> None:
    """Revoke a token for good; `owned` are its tenant_id and, of one's own, user_id. Raises NotFound."""
    token = await locked(token_id, **owned)
    token.revoked_at = datetime.now(UTC)
    await token.save(update_fields=["revoked_at"])


async def locked(token_id: UUID, **owned: UUID) -> ApiToken:
    """Return a token that is not revoked, locked. Raises NotFound."""
    token = await ApiToken.filter(id=token_id, revoked_at=None, **owned).select_for_update().first()
    if token is None:
        raise NotFound
    return token


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _check(owner: Principal, scopes: Sequence[str], expires_at: datetime | None, now: datetime) -> None:
    if missing := set(scopes) - owner.everywhere_or_somewhere():
        raise BeyondYourRights(missing)
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise BadExpiry
