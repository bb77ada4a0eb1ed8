"""Figures are kept until somebody writes: by whatever table, and not by a transaction that fails."""

import asyncpg
import pytest
from exposure_reports import Host, Item, day, nessus

from threatweaver_exposure import written

_TABLES = """SELECT c.relname::text AS name, EXISTS (SELECT FROM pg_trigger t
        WHERE t.tgrelid = c.oid AND t.tgname = 'exposure_written' AND t.tgenabled = 'O') AS counted
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition AND c.relname LIKE 'exposure\\_%' AND c.relname <> 'exposure_written'"""


@pytest.fixture
async def filled(space):
    await space.take(nessus(Host(items=[Item(severity=4)], end=day(1)), checks=[1001]))
    return space


async def state(space, in_tenant):
    async with in_tenant(space.tenant):
        return (await written.state())[0]


async def fail(kernel, tenant):
    async with kernel.database.owner(tenant.schema) as unit:
        await unit.connection.execute("UPDATE exposure_asset SET name = name")
        await unit.connection.execute("SELECT 1 / 0")


async def test_every_table_counts_who_writes_to_it(space):
    rows = await space.sql(_TABLES)
    assert len(rows) > 40
    assert [row["name"] for row in rows if not row["counted"]] == []


async def test_a_commit_is_counted_once_and_a_failure_is_not(filled, kernel, in_tenant):
    before = await state(filled, in_tenant)
    assert await state(filled, in_tenant) == before  # a read is no write
    async with kernel.database.owner(filled.tenant.schema) as unit:
        await unit.connection.execute("UPDATE exposure_asset SET name = name")
        await unit.connection.execute("DELETE FROM exposure_tag")
    assert await state(filled, in_tenant) == before + 1
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fail(kernel, filled.tenant)
    assert await state(filled, in_tenant) == before + 1
    for _ in range(2):
        async with in_tenant(filled.tenant):
            await written.compact()
        assert await state(filled, in_tenant) == before + 1
    assert len(await filled.sql("SELECT * FROM exposure_written")) == 1


async def test_an_answer_is_given_again_until_something_is_written(filled, kernel):
    first = await filled.get("/dashboard/kpis")
    assert first["critical"] == 1
    async with kernel.database.owner(filled.tenant.schema) as unit:
        await unit.connection.execute("SET LOCAL session_replication_role = replica")  # no trigger fires
        await unit.connection.execute("UPDATE exposure_rollup SET total = total + 6")
    assert await filled.get("/dashboard/kpis") == first
    assert (await filled.get("/dashboard/kpis?severity=CRITICAL"))[
        "critical"
    ] == 7  # asked for the first time
    async with kernel.database.owner(filled.tenant.schema) as unit:
        await unit.connection.execute("UPDATE exposure_rollup SET total = total - 6")
    assert await filled.get("/dashboard/kpis") == first
    async with kernel.database.owner(filled.tenant.schema) as unit:
        await unit.connection.execute("UPDATE exposure_rollup SET total = total + 1")
    assert (await filled.get("/dashboard/kpis"))["critical"] == 2
    async with kernel.database.owner(filled.tenant.schema) as unit:
        await unit.connection.execute("UPDATE exposure_rollup SET total = total - 1")
    await filled.check()
