"""Who is calling: a person in one tenant, with the permissions of their role there."""

from dataclasses import dataclass
from uuid import UUID


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
    by_cookie: bool = False

    def may(self, permission: str) -> bool:
        """Say whether the caller holds a permission."""
        return permission in self.permissions
