"""Reads and the one frequent write of API tokens; in a control scope."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marshmallow import fields, validate

from threatweaver.auth.principal import Holder
from threatweaver.auth.queries import IDENTITY, MEMBER, Identity, identity
from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing, Where, eq, given, search

_STATE = """CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
                 WHEN k.expires_at <= now() THEN 'expired' ELSE 'active' END"""
_COLUMNS = {
    "id": "k.id",
    "name": "k.name",
    "prefix": "k.prefix",
    "scopes": "k.scopes",
    "addresses": "k.addresses",
    "state": _STATE,
    "createdAt": "k.created_at",
    "expiresAt": "k.expires_at",
    "lastUsedAt": "k.last_used_at",
    "lastUsedAddress": "k.last_used_address",
    "revokedAt": "k.revoked_at",
}
_SHOWN = ("active", "expired", "revoked")
_FILTERS = (
    given("tenant_id", "k.tenant_id = {}"),
    Where("state", fields.String(validate=validate.OneOf(_SHOWN)), f"{_STATE} = {{}}"),
)
_SORT = {"createdAt": "k.created_at", "name": "k.name", "expiresAt": "k.expires_at"}

OWN = Listing(
    source="api_token k",
    columns=_COLUMNS,
    id="k.id",
    where=(*_FILTERS, given("user_id", "k.user_id = {}"), search("k.name")),
    sort=_SORT,
    default_sort="-createdAt",
)
ALL = Listing(
    source="api_token k JOIN user_account u ON u.id = k.user_id",
    columns={**_COLUMNS, "userId": "k.user_id", "userEmail": "u.email"},
    id="k.id",
    where=(*_FILTERS, eq("user_id", fields.UUID(), column="k.user_id"), search("k.name", "u.email")),
    sort=_SORT,
    default_sort="-createdAt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A token that is neither revoked nor orphaned, and whom it stands for; it may have expired."""

    identity: Identity
    token_id: UUID
    scopes: frozenset[str]
    addresses: tuple[str, ...]
    good_until: datetime
    last_used_at: datetime | None

    def holder(self) -> Holder:
        """Return whom the token belongs to, for the audit log."""
        who = self.identity
        return Holder(user_id=who.user_id, tenant_id=who.tenant_id, credential=f"token:{self.token_id}")


async def find(digest: str) -> Found | None:
    """Return the token with this hash; None when it, its owner or the owner's membership is gone."""
    row = await connection().fetchrow(
        f"""SELECT {IDENTITY}, k.id AS token_id, k.scopes, k.addresses, k.last_used_at,
                CASE WHEN k.hash = $1 THEN k.expires_at ELSE least(k.expires_at, k.previous_until) END
                    AS good_until
            FROM api_token k
            JOIN user_account u ON u.id = k.user_id AND u.is_active
            JOIN membership m ON {MEMBER} AND m.tenant_id = k.tenant_id
            JOIN tenant t ON t.id = k.tenant_id
            WHERE (k.hash = $1 OR k.previous_hash = $1) AND k.revoked_at IS NULL""",
        digest,
    )
    if row is None:
        return None
    return Found(
        identity=identity(row),
        token_id=row["token_id"],
        scopes=frozenset(row["scopes"]),
        addresses=tuple(row["addresses"]),
        good_until=row["good_until"],
        last_used_at=row["last_used_at"],
    )


async def end_all_of(user_id: UUID) -> None:
    """Revoke the API tokens of a person in all tenants."""
    await connection().execute(
        "UPDATE api_token SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL", user_id
    )


async def note_use(token_id: UUID, address: str) -> None:
    """Write when and from where a token was last used, unless somebody did within the minute."""
    await connection().execute(
        """UPDATE api_token SET last_used_at = now(), last_used_address = $2
           WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')""",
        token_id,
        address,
    )
