"""Migrations: Tortoise's, run schema by schema, each schema in one transaction under a lock.

A schema is migrated wholly or not at all. `plan` says what would run and which locks it takes.
"""

import hashlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from tortoise.connection import get_connection
from tortoise.migrations.graph import MigrationKey

from threatweaver.db import orm
from threatweaver.db.executor import Executor
from threatweaver.db.orm import CONTROL, TENANT, ModelApp
from threatweaver.db.script import Script, recorded
from threatweaver.db.transaction import Database, connection

# Statement → the lock it takes on an existing table, strongest word first (PostgreSQL, "Explicit Locking").
_LOCKS = (
    ("CREATE TABLE", "none (new table)"),
    ("CREATE UNIQUE INDEX", "SHARE: blocks writes while it builds"),
    ("CREATE INDEX", "SHARE: blocks writes while it builds"),
    ("CREATE TRIGGER", "SHARE ROW EXCLUSIVE: blocks writes"),
    ("ALTER TABLE", "ACCESS EXCLUSIVE: blocks reads and writes"),
    ("DROP", "ACCESS EXCLUSIVE: blocks reads and writes"),
    ("TRUNCATE", "ACCESS EXCLUSIVE: blocks reads and writes"),
    ("UPDATE", "ROW EXCLUSIVE: rows it touches"),
    ("DELETE", "ROW EXCLUSIVE: rows it touches"),
    ("INSERT", "ROW EXCLUSIVE: rows it adds"),
    ("COMMENT", "SHARE UPDATE EXCLUSIVE: other schema changes"),
)


# What each set of migrations makes of a schema that has had some of them.
_scripts: dict[tuple[tuple[tuple[str, ...], ...], frozenset[MigrationKey]], Script] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStatement:
    """One statement that `migrate` would run, and the lock it takes."""

    migration: str
    sql: str
    lock: str


def fingerprint(apps: Sequence[ModelApp]) -> str:
    """Return a digest of every migration's name: a tenant that carries it needs no migration."""
    names = [f"{app.label}:{name}" for app in apps if app.schema == TENANT for name in _names(app)]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def version(app: ModelApp) -> str:
    """Return a digest of an app's migrations: a tenant that carries it needs none of them."""
    return hashlib.sha256("\n".join(_names(app)).encode()).hexdigest()


def _names(app: ModelApp) -> list[str]:
    spec = find_spec(app.migrations)
    paths = list(spec.submodule_search_locations or ()) if spec else []
    return sorted(item.name for item in pkgutil.iter_modules(paths) if not item.ispkg)


async def migrate_control(database: Database) -> None:
    """Bring the control schema and the job queue's tables to this version."""
    async with database.owner(CONTROL) as unit:
        await unit.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('control', 42))")
        await unit.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {CONTROL}")
        await _apply(CONTROL, [app for app in orm.KERNEL_APPS if app.schema == CONTROL])
    from pgqueuer.adapters.persistence.queries import Queries  # as in jobs/store.py
    from pgqueuer.db import AsyncpgDriver

    async with database.owner(CONTROL) as unit:
        await unit.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('queue', 42))")
        queries = Queries(AsyncpgDriver(unit.connection))
        if not await queries.schema_is_installed():
            await queries.install(create_schema=False)


async def migrate_tenant(database: Database, schema: str, apps: Sequence[ModelApp]) -> None:
    """Bring one tenant schema to this version, in one transaction."""
    async with database.owner(schema) as unit:
        await unit.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 42))", schema)
        await _apply(TENANT, [app for app in apps if app.schema == TENANT])
        await _grant(schema)


async def _apply(kind: str, apps: Sequence[ModelApp]) -> None:
    executor = Executor(get_connection(kind), orm.apps_config(apps))
    # Before anybody asks which migrations ran: Tortoise takes any error of that query for "none".
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))  # noqa: SLF001
    known = tuple((app.label, *_names(app)) for app in apps)
    key = known, frozenset(await executor.recorder.applied_migrations())
    if key in _scripts:
        await _scripts[key].run()
        return
    async with recorded() as script:
        await executor.migrate(direction="forward")
    if script.whole and executor.only_statements:
        _scripts[key] = script


async def _grant(schema: str) -> None:
    """Let the tenant's role use its tables; the audit log it may read, and add to by its function."""
    held = connection()
    await held.execute(
        f"""
        GRANT USAGE ON SCHEMA "{schema}" TO "{schema}";
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO "{schema}";
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{schema}";
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "{schema}" TO "{schema}";
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_line, audit_head FROM "{schema}";
        REVOKE UPDATE, DELETE, TRUNCATE ON audit_root FROM "{schema}";
        REVOKE ALL ON tortoise_migrations FROM "{schema}";
        """
    )


async def plan(database: Database, schema: str, apps: Sequence[ModelApp]) -> list[PlannedStatement]:
    """Return the statements that migrating this schema would run, changing nothing."""
    kind = CONTROL if schema == CONTROL else TENANT
    chosen = [app for app in apps if app.schema == kind]
    async with database.owner(schema) as unit:
        await unit.connection.execute("SAVEPOINT before_plan")
        executor = Executor(get_connection(kind), orm.apps_config(chosen))
        statements: list[PlannedStatement] = []
        if await connection().fetchval("SELECT to_regclass('tortoise_migrations')") is None:
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))  # noqa: SLF001
        for step in await executor.plan():
            label, name = step.migration.app_label, step.migration.name
            statements += [
                PlannedStatement(migration=f"{label}.{name}", sql=sql.strip(), lock=lock_of(sql))
                for sql in await executor.collect_sql(label, name)
                if not sql.startswith("--")
            ]
        await unit.connection.execute("ROLLBACK TO SAVEPOINT before_plan")
    return statements


def lock_of(sql: str) -> str:
    """Return the lock a statement takes, "unknown: read it" when its first words are not in the table."""
    words = " ".join(sql.split()).upper()
    return next((lock for start, lock in _LOCKS if words.startswith(start)), "unknown: read it")
