"""A tenant made by the remembered script is the same as one made by the migrations, to the last privilege."""

import re

import pytest
from tortoise.migrations.executor import MigrationExecutor

from threatweaver.db import executor, migrate, orm
from threatweaver.db.script import Script
from threatweaver.ids import uuid7
from threatweaver.tenancy import provision

_PARTS = {
    "columns": """SELECT c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, pg_get_expr(d.adbin, d.adrelid), c.relacl::text
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
        WHERE c.relnamespace = $1::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = $1",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = $1::regnamespace""",
    "functions": "SELECT proname, prosrc, proacl::text FROM pg_proc WHERE pronamespace = $1::regnamespace",
    "triggers": """SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal
          AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = $1::regnamespace)""",
    "migrations": "SELECT app, name FROM tortoise_migrations WHERE $1 <> '' ORDER BY id",
}


@pytest.fixture
def make(kernel):
    async def made(apps=kernel.registry.apps):
        slug = f"t-{uuid7().hex[-12:]}"
        return await provision.create(kernel.database, slug=slug, name=slug, apps=apps)

    return made


@pytest.fixture
def ran(monkeypatch):
    """How many statements each use of a remembered script ran."""
    counts = []
    run = Script.run

    async def counted(script):
        counts.append(len(script.statements))
        await run(script)

    monkeypatch.setattr(Script, "run", counted)
    return counts


@pytest.fixture
def remembered(monkeypatch):
    """What is remembered, empty at first."""
    monkeypatch.setattr(migrate, "_scripts", scripts := {})
    return scripts


async def parts(kernel, schema):
    """Everything the catalog says of a schema, its name left out; order is kept where it was made in one."""
    async with kernel.database.owner(schema) as unit:
        found = {name: await unit.connection.fetch(query, schema) for name, query in _PARTS.items()}
    lines = {name: [re.sub(schema, "S", str(tuple(row))) for row in rows] for name, rows in found.items()}
    return {name: item if name == "migrations" else sorted(item) for name, item in lines.items()}


async def test_both_ways_make_the_same(kernel, make, remembered, ran):
    migrated = await parts(kernel, (await make()).schema)
    again = await parts(kernel, (await make()).schema)
    assert {name: len(lines) > 1 for name, lines in migrated.items()} == dict.fromkeys(_PARTS, True)
    assert (len(ran), again) == (1, migrated)
    assert ran[0] > 50


async def test_an_upgrade_is_remembered_as_a_new_schema_is(kernel, make, ran):
    tenants = [await make(orm.KERNEL_APPS) for _ in range(2)]
    ran.clear()
    for tenant in tenants:
        assert await provision.bring_up(kernel.database, tenant, kernel.registry.apps)
    one, other = [await parts(kernel, tenant.schema) for tenant in tenants]
    assert (one, ran[-1] > 50) == (other, True)
    assert one == await parts(kernel, (await make()).schema) | {"migrations": one["migrations"]}


async def test_the_statements_are_tortoises_own(make, remembered, monkeypatch):
    await make(orm.KERNEL_APPS)
    (ours,) = remembered.values()
    remembered.clear()
    monkeypatch.setattr(executor.Executor, "_project_state", MigrationExecutor._project_state)
    await make(orm.KERNEL_APPS)
    (theirs,) = remembered.values()
    assert ours == theirs
    assert len(ours.statements) > 20


CODE = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

async def fill(apps, editor):
    await apps.get_model("{label}.Made").create(id=7)

class Migration(migrations.Migration):
    operations = [
        ops.CreateModel("Made", [("id", fields.IntField(primary_key=True))], options={"table": "made"}),
        ops.RunPython(fill),
    ]
"""


async def test_python_code_in_a_migration_meets_its_models_in_every_tenant(
    kernel, make, remembered, model_app
):
    coded = model_app(_0001_initial=CODE)
    for _ in range(2):
        tenant = await make((*orm.KERNEL_APPS, coded))
        async with kernel.database.owner(tenant.schema) as unit:
            assert await unit.connection.fetchval("SELECT id FROM made") == 7
    assert remembered == {}


def test_statements_with_values_are_not_remembered():
    script = Script()
    script.add(
        'INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ($1, $2, $3)', ("a", "b", 1)
    )
    script.add("SAVEPOINT unit_1", ())
    script.add("CREATE TABLE x ()", ())
    assert (script.whole, script.statements, script.applied) == (True, ["CREATE TABLE x ()"], [("a", "b")])
    script.add("INSERT INTO x VALUES ($1)", (1,))
    assert not script.whole
