"""One statement over many tenants, as their schemas' owner: for what the operator counts, no request."""

from collections.abc import Sequence
from typing import Any

from threatweaver.db.transaction import Database, connection

_BATCH = 200  # schemas a statement: each table and index takes one of PostgreSQL's shared locks


async def having(database: Database, table: str) -> list[str]:
    """Return every schema with this table, tenants and control; a tenant behind in migrations may lack it."""
    async with database.control(read_only=True):
        rows = await connection().fetch(
            """SELECT n.nspname AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relname = $1 AND (n.nspname = 'control' OR n.nspname IN (SELECT schema FROM tenant))
               ORDER BY 1""",
            table,
        )
    return [row["schema"] for row in rows]


async def fetch(database: Database, schemas: Sequence[str], select: str) -> list[Any]:
    """Return the rows of `select` from all schemas together; it says `{schema}` where a name is to stand."""
    found: list[Any] = []
    for start in range(0, len(schemas), _BATCH):
        parts = (select.replace("{schema}", schema) for schema in schemas[start : start + _BATCH])
        async with database.control(read_only=True):
            found += await connection().fetch(" UNION ALL ".join(f"({part})" for part in parts))
    return found
