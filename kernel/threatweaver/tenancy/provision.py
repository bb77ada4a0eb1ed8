"""Make a tenant: a row, a schema and a database role of the same name."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from threatweaver import log
from threatweaver.audit import service as audit
from threatweaver.db import migrate
from threatweaver.db.orm import TENANT, ModelApp
from threatweaver.db.transaction import Database, connection
from threatweaver.ids import uuid7
from threatweaver.tenancy.models import Tenant

SLUG = r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"


_log = log.get(__name__)
# The database is away or in trouble: nobody's migration is to blame, and going on would only fail again.
_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_BEHIND = """
SELECT t.id FROM tenant t WHERE EXISTS (
    SELECT FROM unnest($1::text[], $2::text[]) AS a (app, version)
    WHERE NOT EXISTS (SELECT FROM tenant_app x
                      WHERE x.tenant_id = t.id AND x.app = a.app AND x.version = a.version))
"""


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

    A module whose tables cannot be made keeps those it had, and the reason is kept; the others go on. Safe to
    repeat, so a process killed half-way leaves nothing that the next start does not finish. Raises what the
    kernel's own migrations raise.
    """
    wanted = [app for app in apps if app.schema == TENANT]
    async with database.control(read_only=True):
        rows = await connection().fetch("SELECT app, version FROM tenant_app WHERE tenant_id = $1", tenant.id)
    known = {row["app"]: row["version"] for row in rows}
    if all(known.get(app.label) == migrate.version(app) for app in wanted):
        return False
    async with database.owner(tenant.schema) as unit:
        held = unit.connection
        await held.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 42))", tenant.schema)
        if not await held.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", tenant.schema):
            await held.execute(f'CREATE ROLE "{tenant.schema}" NOLOGIN NOINHERIT')
            await held.execute(f'GRANT "{tenant.schema}" TO CURRENT_USER')  # so that SET ROLE is allowed
        await held.execute(f'CREATE SCHEMA IF NOT EXISTS "{tenant.schema}"')
    errors = await _migrate(database, tenant, wanted)
    async with database.control():
        await _write_down(tenant, wanted, errors)
        version = migrate.fingerprint(apps)
        await Tenant.filter(id=tenant.id).update(schema_version=version)
        tenant.schema_version = version
    return True


async def version_of(tenant_id: UUID, app: str) -> str | None:
    """Return which version of an app's tables a tenant has, in a control scope."""
    version: str | None = await connection().fetchval(
        "SELECT version FROM tenant_app WHERE tenant_id = $1 AND app = $2", tenant_id, app
    )
    return version


async def bring_up_all(database: Database, apps: Sequence[ModelApp]) -> int:
    """Bring every tenant that is behind to this version; return how many were tried.

    One that fails is told in the log and in /api/modules, and the others go on.
    """
    found = await behind(database, apps)
    for tenant in found:
        try:
            await bring_up(database, tenant, apps)
        except _AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one tenant's migration raises, the others go on
            _log.error("tenant_not_migrated", tenant=tenant.slug, exc_info=error)
            async with database.control():
                await _write_down(tenant, [apps[0]], {apps[0].label: _said(error)})
    return len(found)


async def behind(database: Database, apps: Sequence[ModelApp]) -> list[Tenant]:
    """Return the tenants that lack tables of some app at this version."""
    versions = {app.label: migrate.version(app) for app in apps if app.schema == TENANT}
    async with database.control(read_only=True):
        rows = await connection().fetch(_BEHIND, list(versions), list(versions.values()))
        return await Tenant.filter(id__in=[row["id"] for row in rows]).order_by("created_at")


async def _migrate(database: Database, tenant: Tenant, apps: Sequence[ModelApp]) -> dict[str, str]:
    """Migrate all at once; if that fails, app by app. Return what the modules that failed said."""
    try:
        await migrate.migrate_tenant(database, tenant.schema, apps)
    except _AWAY:
        raise
    except Exception:  # noqa: BLE001 - what is wrong, and with whom, shows in what follows
        kernel, *modules = apps
        await migrate.migrate_tenant(database, tenant.schema, [kernel])
        errors = {}
        for app in modules:
            try:
                await migrate.migrate_tenant(database, tenant.schema, [kernel, app])
            except _AWAY:
                raise
            except Exception as error:  # noqa: BLE001 - a module may raise anything; the others go on
                _log.error("module_not_migrated", tenant=tenant.slug, app=app.label, exc_info=error)
                errors[app.label] = _said(error)
        return errors
    return {}


async def _write_down(tenant: Tenant, apps: Sequence[ModelApp], errors: Mapping[str, str]) -> None:
    await connection().executemany(
        """INSERT INTO tenant_app (id, tenant_id, app, version, error, tried_at)
           VALUES ($1, $2, $3, $4, $5, now())
           ON CONFLICT (tenant_id, app) DO UPDATE SET error = excluded.error, tried_at = now(),
               version = CASE WHEN excluded.error IS NULL THEN excluded.version
                              ELSE tenant_app.version END""",
        [
            (
                uuid7(),
                tenant.id,
                app.label,
                "" if app.label in errors else migrate.version(app),
                errors.get(app.label),
            )
            for app in apps
        ],
    )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:1000]
