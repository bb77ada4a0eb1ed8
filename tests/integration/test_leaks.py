"""Thousands of units over three tenants, cancelled, failing, killed: no row leaks, no connection is lost."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import pytest
import pytest_asyncio

from threatweaver.db.transaction import Database, connection

TASKS, AT_ONCE, SECONDS = 2000, 32, 20
HARMLESS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    ZeroDivisionError,
    asyncio.CancelledError,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tenants(alone, new_tenant):
    made = [await new_tenant(alone) for _ in range(3)]
    for tenant in made:
        async with alone.database.tenant(tenant.schema) as unit:
            await unit.connection.execute(
                "INSERT INTO exposure_tag (id, name, color, created_at) "
                "SELECT gen_random_uuid(), $1 || n, '#000000', now() FROM generate_series(1, 50) n",
                tenant.slug,
            )
    return made


@dataclass
class Storm:
    """Units of work with every fate that a request can have."""

    database: Database
    tenants: list
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    seen: int = 0
    foreign: list = field(default_factory=list)

    async def look(self, tenant):
        rows = await connection().fetch("SELECT name, current_user AS role FROM exposure_tag LIMIT 5")
        self.seen += len(rows)
        own = tenant.slug, tenant.schema
        self.foreign += [row for row in rows if (row["name"][: len(own[0])], row["role"]) != own]

    async def work(self, tenant):
        async with self.database.tenant(tenant.schema, read_only=self.chance.random() < 0.3):
            await self.look(tenant)
            await self.chance.choice([self.fail, self.break_, self.linger, self.nest, self.step, self.step])()
            await self.look(tenant)

    async def fail(self):
        raise ZeroDivisionError

    async def break_(self):
        await connection().execute("SELECT 1/0")

    async def linger(self):
        await connection().execute("SELECT pg_sleep(0.002)")

    async def nest(self):
        async with self.database.control(read_only=True):
            await connection().fetchval("SELECT count(*) FROM tenant")

    async def step(self):
        await asyncio.sleep(0)

    async def one(self, turn):
        async with turn:
            task = asyncio.create_task(self.work(self.chance.choice(self.tenants)))
            if self.chance.random() < 0.5:
                asyncio.get_running_loop().call_later(self.chance.random() * 0.01, task.cancel)
            with suppress(*HARMLESS):
                await task


async def kill_now_and_then(dsn):
    killer = await asyncpg.connect(dsn)
    try:
        while True:
            await asyncio.sleep(0.1)
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE "
                "datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) x"
            )
    finally:
        await killer.close()


async def test_no_row_leaks_and_no_connection_is_lost(alone, tenants):
    storm, turn = Storm(alone.database, tenants), asyncio.Semaphore(AT_ONCE)
    killing = asyncio.create_task(kill_now_and_then(alone.database.dsn))
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(storm.one(turn) for _ in range(TASKS)))
        await settled(alone.database)
    killing.cancel()
    with suppress(asyncio.CancelledError):
        await killing
    assert storm.foreign == []
    assert storm.seen > TASKS * 2
    await every_connection_is_clean(alone.database)


async def settled(database):
    """Wait until what was shielded from cancellation is done: every connection is idle or closed."""
    pool = database._pool
    async with asyncio.timeout(10):
        while pool.get_size() != pool.get_idle_size():  # noqa: ASYNC110 - asyncpg has no event for it
            await asyncio.sleep(0.01)


async def every_connection_is_clean(database):
    """All connections of the pool at once: none in a transaction, none with a role or a path left over."""
    everybody = asyncio.Barrier(database._size)

    async def one():
        async with database._pool.acquire() as held:
            await everybody.wait()
            assert not held.is_in_transaction()
            row = await held.fetchrow("SELECT current_user = session_user, current_setting('search_path')")
            assert tuple(row) == (True, "")

    async with asyncio.timeout(10):
        await asyncio.gather(*(one() for _ in range(database._size)))


async def test_cancelling_at_every_step_gives_the_connection_back(alone, tenants):
    """Cancel after the first, second, … step of the loop: entering, working, committing."""
    database = alone.database

    async def work():
        async with database.tenant(tenants[0].schema):
            await connection().execute("INSERT INTO exposure_tag VALUES (gen_random_uuid(), 'x', 'y', now())")
            await connection().execute("DELETE FROM exposure_tag WHERE name = 'x'")

    for steps in range(60):
        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await settled(database)
    await every_connection_is_clean(database)
    async with database.tenant(tenants[0].schema):
        assert await connection().fetchval("SELECT count(*) FROM exposure_tag") == 50


async def test_a_second_cancellation_while_it_gives_up_changes_nothing(alone, tenants):
    database = alone.database

    async def work():
        async with database.tenant(tenants[0].schema):
            await connection().execute("SELECT pg_sleep(0.005)")

    for steps in range(40):
        task = asyncio.create_task(work())
        while not task.done():
            for _ in range(steps % 8 + 1):
                await asyncio.sleep(0)
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for pause in range(20):
        task = asyncio.create_task(work())
        await asyncio.sleep(0.002)
        task.cancel()
        for _ in range(pause):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await settled(database)
    await every_connection_is_clean(database)


@pytest.mark.parametrize("ending", [None, ZeroDivisionError])
async def test_a_query_that_still_runs_when_its_unit_ends_takes_the_connection_with_it(
    alone, tenants, ending
):
    database, running = alone.database, asyncio.Event()

    async def linger(held):
        running.set()
        await held.execute("SELECT pg_sleep(0.3)")

    async def leave():
        async with database.tenant(tenants[0].schema) as unit:
            task = asyncio.create_task(linger(unit.connection))
            await running.wait()
            if ending:
                raise ending
        return task

    with pytest.raises(ending or asyncpg.InterfaceError):
        await leave()
    await settled(database)
    await every_connection_is_clean(database)


async def test_a_full_pool_makes_callers_wait_and_then_serves_them(alone, tenants):
    database, entered, leave = alone.database, asyncio.Semaphore(0), asyncio.Event()

    async def hold():
        async with database.tenant(tenants[0].schema):
            entered.release()
            await leave.wait()

    holders = [asyncio.create_task(hold()) for _ in range(database._size)]
    for _ in holders:
        await entered.acquire()
    late = asyncio.create_task(hold())
    await asyncio.sleep(0.05)
    assert entered.locked()
    leave.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*holders, late)
    await settled(database)
