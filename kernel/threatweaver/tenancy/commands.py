"""What `threatweaver operator` does, and what opens a tenant that locked itself out."""

import sys

from threatweaver.admin.network import service as network
from threatweaver.audit import service as audit
from threatweaver.kernel import Kernel
from threatweaver.tenancy import operators
from threatweaver.tenancy.models import Tenant
from threatweaver.tenancy.operators import OperatorError


async def grant(kernel: Kernel, email: str, slug: str | None) -> None:
    """Make a member of a tenant, the first one by default, an operator of the platform."""
    async with kernel.database.control():
        tenant = await _tenant(slug)
        user_id = await operators.grant(email, tenant)
    await audit.command(
        kernel.database, "operator-grant", target=f"user:{user_id}", after={"tenant": tenant.slug}
    )
    sys.stdout.write(f"operator {email}  when signed in to {tenant.slug}\n")


async def revoke(kernel: Kernel, email: str) -> None:
    """Make an operator an ordinary person again."""
    async with kernel.database.control():
        user_id = await operators.revoke(email)
    await audit.command(kernel.database, "operator-revoke", target=f"user:{user_id}")
    sys.stdout.write(f"{email} is no operator any more\n")


async def list_(kernel: Kernel) -> None:
    """Print a line for each operator."""
    async with kernel.database.control(read_only=True):
        found = await operators.listed()
    sys.stdout.write("".join(f"{email}  {slug}\n" for email, slug in found))


async def open_network(kernel: Kernel, slug: str) -> None:
    """Clear a tenant's lists of networks and say how many lines they had."""
    async with kernel.database.control():
        tenant = await _tenant(slug)
        count = await network.clear(tenant.id)
    await audit.command(
        kernel.database,
        "tenant-open-network",
        schema=tenant.schema,
        target=f"tenant:{tenant.id}",
        after={"removed": count},
    )
    sys.stdout.write(f"{count} lines removed from the allow and block list of {slug}\n")


async def _tenant(slug: str | None) -> Tenant:
    query = Tenant.filter(slug=slug) if slug else Tenant.all()
    found = await query.order_by("created_at").first()
    if found is None:
        raise OperatorError(f"there is no tenant {slug!r}" if slug else "there is no tenant yet")
    return found
