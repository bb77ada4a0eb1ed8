"""Platform operators: who may create, suspend, export and drop tenants (docs/adr/0014).

An operator is a person in one tenant, the operators' own. The row is written by the command line alone: no
request can make somebody an operator, and a session of another tenant, whose administrators decide how its
people sign in, never acts as one. Nor does an API token.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.auth.models import Membership, User
from threatweaver.auth.permissions import PLATFORM, PLATFORM_IN_SAAS
from threatweaver.auth.principal import Principal
from threatweaver.db.transaction import in_scope
from threatweaver.tenancy.models import PlatformOperator, Tenant

if TYPE_CHECKING:
    from threatweaver.config import Settings
    from threatweaver.kernel import Kernel


class OperatorError(Exception):
    """Somebody cannot be made an operator, or is none."""


def reserved(settings: "Settings", permission: str) -> bool:
    """Say whether operators alone hold a permission, whatever a role says."""
    return permission in PLATFORM or (settings.saas and permission in PLATFORM_IN_SAAS)


async def is_one(user_id: UUID) -> bool:
    """Say whether a person is an operator, wherever they are signed in; in a control scope."""
    return await PlatformOperator.filter(user_id=user_id).exists()


async def acts(kernel: "Kernel", principal: Principal) -> bool:
    """Say whether the caller acts as an operator: asked anew each time, so that a revocation is at once."""
    if principal.session_id is None:
        return False
    asked = PlatformOperator.filter(user_id=principal.user_id, tenant_id=principal.tenant_id)
    if in_scope():  # a second connection from within a transaction could wait for itself
        return await asked.exists()
    async with kernel.database.control(read_only=True):
        return await asked.exists()


async def grant(email: str, tenant: Tenant) -> UUID:
    """Make a member of this tenant an operator; in a control scope; return their id. Raises OperatorError."""
    user = await _member(email, tenant)
    await PlatformOperator.get_or_create(user_id=user, tenant_id=tenant.id)
    return user


async def revoke(email: str) -> UUID:
    """Take an operator's rights away; in a control scope; return their id. Raises OperatorError."""
    user = await User.get_or_none(email=email.strip().lower())
    if user is None or not await PlatformOperator.filter(user_id=user.id).delete():
        raise OperatorError(f"{email} is no operator")
    return user.id


async def listed() -> list[tuple[str, str]]:
    """Return the operators as (e-mail, tenant slug); in a control scope."""
    rows = await PlatformOperator.all().order_by("granted_at")
    emails = {user.id: user.email for user in await User.filter(id__in=[row.user_id for row in rows])}
    slugs = {found.id: found.slug for found in await Tenant.filter(id__in=[row.tenant_id for row in rows])}
    return [(emails[row.user_id], slugs[row.tenant_id]) for row in rows]


async def _member(email: str, tenant: Tenant) -> UUID:
    user = await User.get_or_none(email=email.strip().lower())
    if user is None or not await Membership.exists(user_id=user.id, tenant_id=tenant.id):
        raise OperatorError(f"{email} is not a member of the tenant {tenant.slug}")
    return user.id
