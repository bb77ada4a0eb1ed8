"""Make a tenant: a row, a schema and a database role of the same name."""

import re
from collections.abc import Sequence

from threatweaver.audit import service as audit
from threatweaver.db import migrate
from threatweaver.db.orm import ModelApp
from threatweaver.db.transaction import Database, connection
from threatweaver.ids import uuid7
from threatweaver.tenancy.models import Tenant

SLUG = r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"


class TenantError(Exception):
    """A tenant cannot be made as asked."""


class TooManyTenants(TenantError):
    """There are as many tenants as there may be."""


async def create(
    database: Database,
    *,
    slug: str,
    name: str,
    apps: Sequence[ModelApp],
    plan: str = "standard",
    most: int | None = None,
) -> Tenant:
    """Create a tenant with an empty, migrated schema.

    Raises TenantError when the slug is taken or bad, TooManyTenants when `most` are there already.
    """
    if not re.match(SLUG, slug):
        raise TenantError("a tenant slug has 1 to 63 of a-z, 0-9 and inner hyphens")
    identifier = uuid7()
    async with database.control():
        if most is not None:
            await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('tenants', 42))")
            if await Tenant.all().count() >= most:
                raise TooManyTenants(f"the license allows {most} tenants")
        if await Tenant.exists(slug=slug):
            raise TenantError(f"tenant {slug!r} exists")
        tenant = await Tenant.create(
            id=identifier, slug=slug, name=name, plan=plan, schema=f"t_{identifier.hex}"
        )
        # Whatever stops the rest, the tenant is there, and the next start finishes it.
        await audit.record(f"tenant:{tenant.id}", after={"slug": slug, "name": name, "plan": plan})
    await bring_up(database, tenant, apps)
    return tenant


async def bring_up(database: Database, tenant: Tenant, apps: Sequence[ModelApp]) -> bool:
    """Create what is missing of a tenant's role and schema and migrate it; return whether work was done.

    Safe to repeat, so a process killed half-way leaves nothing that the next start does not finish.
    """
    version = migrate.fingerprint(apps)
    if tenant.schema_version == version:
        return False
    async with database.owner(tenant.schema) as unit:
        held = unit.connection
        await held.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 42))", tenant.schema)
        if not await held.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", tenant.schema):
            await held.execute(f'CREATE ROLE "{tenant.schema}" NOLOGIN NOINHERIT')
            await held.execute(f'GRANT "{tenant.schema}" TO CURRENT_USER')  # so that SET ROLE is allowed
        await held.execute(f'CREATE SCHEMA IF NOT EXISTS "{tenant.schema}"')
    await migrate.migrate_tenant(database, tenant.schema, apps)
    async with database.control():
        await Tenant.filter(id=tenant.id).update(schema_version=version)
        tenant.schema_version = version
    return True


async def bring_up_all(database: Database, apps: Sequence[ModelApp]) -> int:
    """Bring every tenant that is behind to this version; return how many were."""
    async with database.control(read_only=True):
        behind = await Tenant.exclude(schema_version=migrate.fingerprint(apps)).order_by("created_at")
    for tenant in behind:
        await bring_up(database, tenant, apps)
    return len(behind)
