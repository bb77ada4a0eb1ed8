"""A tenant's transaction reaches its own schema and nothing else: PostgreSQL itself says no."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from threatweaver.audit import store
from threatweaver.audit.line import Line
from threatweaver.audit.models import AuditLine, AuditRoot
from threatweaver.db.transaction import CommitFailed, NoScope, connection
from threatweaver.tenancy.models import Tenant

Denied = asyncpg.InsufficientPrivilegeError


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT * FROM "{other}".audit_line',
        'SELECT count(*) FROM "{other}".exposure_asset',
        'INSERT INTO "{other}".exposure_tag (id, name, color) SELECT gen_random_uuid(), $$x$$, $$y$$',
        'UPDATE "{other}".exposure_asset SET name = $$x$$',
        'DELETE FROM "{other}".exposure_asset',
        'TRUNCATE "{other}".exposure_asset',
        'DROP TABLE "{other}".exposure_asset',
        'CREATE TABLE "{other}".mine (a int)',
        'LOCK TABLE "{other}".exposure_asset IN ACCESS SHARE MODE',
        "SELECT * FROM control.user_account",
        "SELECT password_hash FROM control.user_account",
        "SELECT * FROM control.license",
        "SELECT * FROM control.job",
        "SELECT * FROM control.pgqueuer",
        "INSERT INTO control.membership SELECT * FROM control.membership",
        "CREATE SCHEMA mine",
        "CREATE TABLE mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE ROLE mine",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "COPY exposure_asset TO PROGRAM 'cat'",
        "COPY exposure_asset FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('.')",
        "SELECT rolpassword FROM pg_authid",
    ],
)
async def test_raw_sql_outside_of_the_own_schema_is_refused(database, tenant, other_tenant, sql):
    sql = sql.replace("{other}", other_tenant.schema)
    with pytest.raises(Denied):
        async with database.tenant(tenant.schema) as unit:
            await unit.connection.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM user_account",
        "SELECT count(*) FROM tenant",
        'SET LOCAL search_path = "{other}"; TABLE exposure_asset',
        "SET LOCAL search_path = control; TABLE session",
        "SELECT set_config('search_path', '{other}', true); TABLE exposure_asset",
        "SET LOCAL search_path = '{other}', public, pg_temp; TABLE exposure_asset",
    ],
)
async def test_names_of_other_schemas_do_not_even_resolve(database, tenant, other_tenant, sql):
    sql = sql.replace("{other}", other_tenant.schema)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.tenant(tenant.schema) as unit:
            await unit.connection.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_line SET action = 'nothing happened'",
        "DELETE FROM audit_line",
        "TRUNCATE audit_line",
        "INSERT INTO audit_line SELECT * FROM audit_line",
        "UPDATE audit_head SET seq = 0",
        "DELETE FROM audit_head",
        "DELETE FROM audit_root",
        "DROP TABLE audit_line",
        "ALTER TABLE audit_line DISABLE TRIGGER ALL",
        "SELECT * FROM tortoise_migrations",
        "CREATE RULE quiet AS ON INSERT TO audit_line DO INSTEAD NOTHING",
    ],
)
async def test_the_audit_log_takes_lines_and_gives_none_back(database, tenant, sql):
    async with database.tenant(tenant.schema) as unit:
        await store.append(database, tenant.schema, Line(action="a"))
        assert await unit.connection.fetchval("SELECT count(*) FROM audit_line") >= 1
    with pytest.raises(Denied):
        async with database.tenant(tenant.schema) as unit:
            await unit.connection.execute(sql)


async def test_a_read_only_unit_does_not_write(database, tenant):
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.tenant(tenant.schema, read_only=True) as unit:
            await unit.connection.execute("DELETE FROM exposure_tag")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.control(read_only=True) as unit:
            await unit.connection.execute("DELETE FROM session")


@pytest.mark.parametrize(
    "schema", ["", "control", "public", "t_1", 't_" ; DROP SCHEMA control; --', "T_" + "0" * 32]
)
async def test_only_tenant_schemas_are_tenant_scopes(database, schema):
    with pytest.raises(NoScope):
        async with database.tenant(schema):
            pytest.fail("a scope was opened")


async def test_a_tenant_that_does_not_exist_cannot_be_entered(database):
    with pytest.raises(asyncpg.PostgresError):
        async with database.tenant("t_" + "0" * 32):
            pytest.fail("a scope was opened")
    async with database.control(read_only=True):
        assert await Tenant.exists()


async def test_a_query_outside_of_a_scope_raises():
    with pytest.raises(NoScope):
        connection()
    with pytest.raises(NoScope):
        await Tenant.all()
    with pytest.raises(NoScope):
        await AuditLine.all()
    with pytest.raises(NoScope):
        async with in_transaction("tenant"):
            pytest.fail("a transaction was opened")


async def test_models_of_one_kind_do_not_work_in_the_scope_of_the_other(database, tenant):
    async with database.tenant(tenant.schema):
        with pytest.raises(NoScope):
            await Tenant.all()
    async with database.control(read_only=True):
        with pytest.raises(NoScope):
            await AuditLine.all()


async def test_scopes_nest_and_come_back(database, tenant, other_tenant):
    async with database.tenant(tenant.schema):
        async with database.control(read_only=True):
            assert await Tenant.filter(id=tenant.id).exists()
            async with database.tenant(other_tenant.schema):
                assert await connection().fetchval("SELECT current_user") == other_tenant.schema
        assert await connection().fetchval("SELECT current_user") == tenant.schema
    with pytest.raises(NoScope):
        connection()


async def test_a_task_that_outlives_its_unit_finds_no_scope(database, tenant):
    over = asyncio.Event()

    async def late():
        await over.wait()
        return await AuditLine.all().count()

    async with database.tenant(tenant.schema):
        task = asyncio.create_task(late())
    over.set()
    with pytest.raises(NoScope):
        await task


async def test_a_query_that_waits_for_its_turn_when_the_unit_ends_does_not_run(database, tenant):
    async with database.tenant(tenant.schema) as unit:
        await unit.lock.acquire()
        task = asyncio.create_task(_count())
        await asyncio.sleep(0)
    unit.lock.release()
    with pytest.raises(NoScope):
        await task


async def _count():
    return await AuditLine.all().count()


async def test_a_kept_connection_is_dead_after_its_unit(database, tenant):
    async with database.tenant(tenant.schema) as unit:
        kept = unit.connection
    with pytest.raises(asyncpg.InterfaceError):
        await kept.fetchval("SELECT 1")


async def swallow(database, tenant):
    async with database.tenant(tenant.schema) as unit:
        with suppress(asyncpg.DivisionByZeroError):
            await unit.connection.execute("SELECT 1/0")


async def test_an_error_that_was_swallowed_fails_the_commit(database, tenant):
    with pytest.raises(CommitFailed):
        await swallow(database, tenant)


async def test_gathered_queries_take_turns(database, tenant):
    async with database.tenant(tenant.schema):
        counts = await asyncio.gather(*(AuditLine.all().count() for _ in range(20)))
    assert len(set(counts)) == 1


async def test_a_savepoint_undoes_its_part_alone(database, tenant):
    async with database.tenant(tenant.schema):
        before = await AuditRoot.all().count()
        root = {"at": datetime.now(UTC), "seq": 1, "hash": b"h", "key_id": "k", "signature": b"s"}
        await AuditRoot.create(**root)
        with suppress(ZeroDivisionError):
            async with in_transaction("tenant"):
                await AuditRoot.create(**root)
                raise ZeroDivisionError
        assert await AuditRoot.all().count() == before + 1
