"""Who is calling: a person in one tenant, with the permissions of their role there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Method = Literal["password", "saml", "oidc", "ldap"]
"""How somebody signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """What the sign-in behind an access token was, and what is still asked of the person."""

    method: Method
    mfa: bool
    must_change_password: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of a request, as the gates established it."""

    user_id: UUID
    email: str
    name: str
    role: str
    tenant_id: UUID
    tenant_slug: str
    tenant_plan: str
    schema: str
    session_id: UUID
    permissions: frozenset[str]
    session: SessionState | None = None  # None for an API token
    by_cookie: bool = False

    def may(self, permission: str) -> bool:
        """Say whether the caller holds a permission."""
        return permission in self.permissions
