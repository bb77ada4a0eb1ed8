"""Migrations: what the models say is what the database has; planning changes nothing; all or nothing."""

import asyncio
import re
from dataclasses import replace

import pytest
from tortoise import Tortoise

from threatweaver.db import migrate, orm
from threatweaver.db.orm import CONTROL
from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7
from threatweaver.tenancy import drop, provision
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance import tables

# Made NOT NULL by SQL once older lines are chained; a model cannot say that.
STRICTER = ["audit_line.hash is not nullable"]


async def test_the_control_schema_is_what_its_models_say(database, kernel):
    async with database.owner(CONTROL):
        models = [model for app in ("control",) for model in Tortoise.apps[app].values()]
        assert len(models) >= 8
        assert await tables.differences(CONTROL, models) == STRICTER


async def test_a_tenants_schema_is_what_its_models_say(database, kernel, tenant):
    labels = [app.label for app in kernel.registry.apps if app.schema == orm.TENANT]
    models = [model for label in labels for model in Tortoise.apps[label].values()]
    assert len(models) >= 10
    async with database.owner(tenant.schema):
        assert await tables.differences(tenant.schema, models) == STRICTER


async def fingerprint_of(schema):
    return await connection().fetch(
        """SELECT c.oid, c.relname, c.relkind, c.xmin::text FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 ORDER BY 1""",
        schema,
    )


async def test_migrating_again_does_nothing(database, kernel, tenant):
    async with database.owner(tenant.schema):
        before = [(row["oid"], row["relname"]) for row in await fingerprint_of(tenant.schema)]
        applied = await connection().fetch("SELECT * FROM tortoise_migrations ORDER BY id")
    assert await migrate.plan(database, tenant.schema, kernel.registry.apps) == []
    await migrate.migrate_tenant(database, tenant.schema, kernel.registry.apps)
    await migrate.migrate_control(database)
    assert await provision.bring_up(database, tenant, kernel.registry.apps) is False
    async with database.owner(tenant.schema):
        assert [(row["oid"], row["relname"]) for row in await fingerprint_of(tenant.schema)] == before
        assert await connection().fetch("SELECT * FROM tortoise_migrations ORDER BY id") == applied


@pytest.fixture
async def empty(database):
    """A tenant whose schema is there and empty."""
    identifier = uuid7()
    tenant = Tenant(id=identifier, slug=identifier.hex, name="x", schema=f"t_{identifier.hex}")
    async with database.control():
        await tenant.save()
        await connection().execute(f'CREATE ROLE "{tenant.schema}"')
        await connection().execute(f'CREATE SCHEMA "{tenant.schema}"')
    yield tenant
    await drop.drop(database, tenant)


async def test_a_plan_lists_statements_with_locks_changes_nothing_and_is_what_migrating_does(
    database, kernel, empty
):
    steps = await migrate.plan(database, empty.schema, kernel.registry.apps)
    assert {step.migration.split(".")[0] for step in steps} == {"kernel", "appsec", "exposure"}
    assert any('"exposure_asset"' in step.sql and step.lock == "none (new table)" for step in steps)
    assert [step.sql[:60] for step in steps if not step.lock] == []
    async with database.owner(empty.schema):
        assert await fingerprint_of(empty.schema) == []
    await migrate.migrate_tenant(database, empty.schema, kernel.registry.apps)
    async with database.owner(empty.schema):
        tables = {row["relname"] for row in await fingerprint_of(empty.schema) if row["relkind"] == b"r"}
    for table in tables - {"tortoise_migrations"}:
        name = re.sub(r"_\d{4}_\d\d\Z", "", table)  # a month's partition is made by a function
        assert any(f'"{name}"' in step.sql for step in steps), table


async def test_three_processes_bring_the_same_tenant_up(database, kernel):
    identifier = uuid7()
    async with database.control():
        await Tenant.create(id=identifier, slug=identifier.hex, name="x", schema=f"t_{identifier.hex}")
    async with database.control(read_only=True):
        copies = [await Tenant.get(id=identifier) for _ in range(3)]
    await asyncio.gather(*(provision.bring_up(database, copy, kernel.registry.apps) for copy in copies))
    async with database.control(read_only=True):
        tenant = await Tenant.get(id=identifier)
    assert tenant.schema_version == migrate.fingerprint(kernel.registry.apps)
    assert await migrate.plan(database, tenant.schema, kernel.registry.apps) == []
    async with database.tenant(tenant.schema):
        assert await connection().fetchval("SELECT count(*) FROM exposure_asset") == 0
    await drop.drop(database, tenant)


async def test_a_dropped_tenant_is_gone_with_schema_and_role(database, kernel, new_tenant):
    tenant = await new_tenant(kernel)
    await drop.drop(database, tenant)
    async with database.control(read_only=True) as unit:
        assert not await Tenant.exists(id=tenant.id)
        for sql in (
            "SELECT 1 FROM pg_roles WHERE rolname = $1",
            "SELECT 1 FROM pg_namespace WHERE nspname = $1",
        ):
            assert await unit.connection.fetchval(sql, tenant.schema) is None


MIGRATION = """
from tortoise import migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = %s
    operations = [ops.RunSQL("CREATE TABLE %s (a int)"), ops.RunSQL("%s")]
"""


@pytest.fixture
def broken(model_app):
    """An app whose second migration fails after it made a table."""
    return model_app(
        _0001_initial=MIGRATION % ([], "whole", "SELECT 1"),
        _0002_broken=MIGRATION % ([("{label}", "0001_initial")], "half_done", "SELECT 1/0"),
    )


async def test_a_migration_that_fails_half_way_leaves_nothing(database, kernel, empty, broken):
    with pytest.raises(Exception, match="division by zero"):
        await migrate.migrate_tenant(database, empty.schema, (*orm.KERNEL_APPS, broken))
    async with database.owner(empty.schema):
        assert await fingerprint_of(empty.schema) == []
    async with database.control(read_only=True):
        assert (await Tenant.get(id=empty.id)).schema_version == ""


def test_a_new_migration_changes_the_fingerprint(kernel):
    apps = kernel.registry.apps
    fewer = apps[:-1]
    other = (*fewer, replace(apps[-1], label="other"))
    assert len({migrate.fingerprint(item) for item in (apps, fewer, other)}) == 3


@pytest.mark.parametrize(
    ("sql", "lock"),
    [
        ('CREATE TABLE "x" (a int)', "none (new table)"),
        ("create  unique\nindex i on x (a)", "SHARE: blocks writes while it builds"),
        ('ALTER TABLE "x" ADD COLUMN b int', "ACCESS EXCLUSIVE: blocks reads and writes"),
        ("VACUUM FULL x", "unknown: read it"),
    ],
)
def test_locks(sql, lock):
    assert migrate.lock_of(sql) == lock
