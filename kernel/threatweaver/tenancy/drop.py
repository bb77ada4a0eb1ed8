"""Dropping a tenant: schema, role, every row about it, and people who were in no other; one transaction.

Which tables of the control schema are about a tenant or a person is read from the catalog by their columns
`tenant_id` and `user_id`: a table that is added later is not forgotten.
"""

from threatweaver.audit import service as audit
from threatweaver.db.transaction import CONTROL, Database, connection
from threatweaver.jobs import store as jobs
from threatweaver.tenancy.models import Tenant


async def drop(database: Database, tenant: Tenant) -> None:
    """Remove a tenant with all its data. Whoever calls it has made sure that nobody is inside."""
    async with database.owner(CONTROL):
        held = connection()
        orphans = [
            row["user_id"]
            for row in await held.fetch(
                """SELECT m.user_id FROM membership m WHERE m.tenant_id = $1 AND NOT EXISTS (
                       SELECT FROM membership o WHERE o.user_id = m.user_id AND o.tenant_id <> $1)""",
                tenant.id,
            )
        ]
        await jobs.unqueue(tenant.id)
        for table in await _tables_with("tenant_id"):
            await held.execute(f'DELETE FROM "{table}" WHERE tenant_id = $1', tenant.id)
        for table in await _tables_with("user_id"):
            await held.execute(f'DELETE FROM "{table}" WHERE user_id = ANY($1)', orphans)
        await held.execute("DELETE FROM user_account WHERE id = ANY($1)", orphans)
        await held.execute("DELETE FROM tenant WHERE id = $1", tenant.id)
        await held.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema}" CASCADE')
        if await held.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", tenant.schema):
            await held.execute(f'DROP ROLE "{tenant.schema}"')
        await audit.record(f"tenant:{tenant.id}", before={"slug": tenant.slug, "name": tenant.name})


async def _tables_with(column: str) -> list[str]:
    rows = await connection().fetch(
        """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped
             AND c.relname NOT LIKE 'audit%'
             AND a.attname = $2 AND a.atttypid = 'uuid'::regtype ORDER BY c.relname""",
        CONTROL,
        column,
    )
    return [row["relname"] for row in rows]
