"""A tenant made by the remembered script is the same as one made by the migrations, to the last privilege."""

import re

import pytest_asyncio

from threatweaver.db import migrate
from threatweaver.db.fresh import Script
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


@pytest_asyncio.fixture
async def make(kernel):
    async def made():
        slug = f"t-{uuid7().hex[-12:]}"
        return await provision.create(kernel.database, slug=slug, name=slug, apps=kernel.registry.apps)

    return made


async def parts(kernel, schema):
    """Everything the catalog says of a schema, its name left out; order is kept where it was made in one."""
    async with kernel.database.owner(schema) as unit:
        found = {name: await unit.connection.fetch(query, schema) for name, query in _PARTS.items()}
    lines = {name: [re.sub(schema, "S", str(tuple(row))) for row in rows] for name, rows in found.items()}
    return {name: item if name == "migrations" else sorted(item) for name, item in lines.items()}


async def test_both_ways_make_the_same(kernel, make, monkeypatch):
    remembered = await parts(kernel, (await make()).schema)
    monkeypatch.setattr(migrate, "_scripts", {})
    migrated = await parts(kernel, (await make()).schema)
    assert {name: len(lines) > 1 for name, lines in migrated.items()} == dict.fromkeys(_PARTS, True)
    assert remembered == migrated


async def test_the_script_is_used(make, monkeypatch):
    await make()
    ran = []
    run = Script.run

    async def counted(script):
        ran.append(len(script.statements))
        await run(script)

    monkeypatch.setattr(Script, "run", counted)
    await make()
    assert len(ran) == 1
    assert ran[0] > 50


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
