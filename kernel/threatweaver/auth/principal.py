"""Who is calling: a person in one tenant, by a session or an API token, and what they may do there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast, get_args
from uuid import UUID

Method = Literal["password", "saml", "oidc", "ldap"]
"""How somebody signed in."""


def as_method(text: str) -> Method:
    """Return a stored method. Raises ValueError."""
    if text not in get_args(Method):
        raise ValueError(text)
    return cast("Method", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """What the sign-in behind an access token was, and what is still asked of the person."""

    method: Method
    signed_in_at: datetime
    mfa: bool
    must_change_password: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose credential it is, and what the log calls it: `session:<id>` or `token:<id>`."""

    user_id: UUID
    tenant_id: UUID
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of a request, as the gates established it.

    `permissions` hold in the whole tenant, `scoped` ones for the rows of the asset groups and tags whose
    ids they carry. Either `session_id` and `session` or `token_id` are set.
    """

    user_id: UUID
    email: str
    name: str
    role: str
    tenant_id: UUID
    tenant_slug: str
    tenant_plan: str
    schema: str
    session_id: UUID | None
    session: SessionState | None = None  # None for an API token
    token_id: UUID | None = None
    permissions: frozenset[str]
    scoped: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    by_cookie: bool = False

    def holder(self) -> Holder:
        """Return whose credential the request came with."""
        held = f"session:{self.session_id}" if self.session_id else f"token:{self.token_id}"
        return Holder(user_id=self.user_id, tenant_id=self.tenant_id, credential=held)

    def may(self, permission: str) -> bool:
        """Say whether the caller holds a permission in the whole tenant."""
        return permission in self.permissions

    def may_somewhere(self, permission: str) -> bool:
        """Say whether the caller holds a permission, if only for some rows."""
        return permission in self.permissions or permission in self.scoped

    def scope_of(self, permission: str) -> frozenset[UUID] | None:
        """Return the asset groups and tags that a permission holds for; None: everything."""
        return None if permission in self.permissions else self.scoped.get(permission, frozenset())

    def everywhere_or_somewhere(self) -> frozenset[str]:
        """Return every permission that the caller holds, if only for some rows."""
        return self.permissions.union(self.scoped)
