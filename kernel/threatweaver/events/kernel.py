"""The kernel's own events.

Nothing is published when a tenant is suspended: its jobs wait until it is resumed, and then that is the news.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserDeactivated:
    """A user lost their place in the tenant, by an administrator or the directory."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserReactivated:
    """A deactivated user has their place in the tenant again."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class TenantResumed:
    """A suspended tenant is open again; scheduled jobs did not run for it in between."""

    tenant_id: UUID


KERNEL_EVENT_TYPES = (UserDeactivated, UserReactivated, TenantResumed)
