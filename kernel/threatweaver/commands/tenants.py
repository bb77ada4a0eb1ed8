"""Tenants: made and listed."""

from threatweaver.audit import service as audit
from threatweaver.commands.opening import bring_up, kernel_of, opened, say
from threatweaver.config import Settings
from threatweaver.db.transaction import Database
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant


async def create(settings: Settings, slug: str, name: str) -> None:
    """Create a tenant and print its id."""

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        tenant = await provision.create(database, slug=slug, name=name, apps=kernel.registry.apps)
        await audit.command(database, "tenant-create", target=f"tenant:{tenant.id}", after={"slug": slug})
        say(f"tenant {tenant.slug}  {tenant.id}")

    await opened(settings, work)


async def list_(settings: Settings) -> None:
    """Print a line for each tenant."""

    async def work(database: Database) -> None:
        await bring_up(database)
        async with database.control(read_only=True):
            for tenant in await Tenant.all().order_by("created_at"):
                say(f"{tenant.slug}  {tenant.id}  {tenant.name}")

    await opened(settings, work)
