"""The minute asks those tenants alone that have something to plan or to send."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from threatweaver.db.transaction import Database, connection
from threatweaver.ids import uuid7
from threatweaver.jobs import schedule
from threatweaver.jobs.run import JobRun
from threatweaver.notify.deliveries.jobs import DELIVER

IDLE = 5_000


@pytest_asyncio.fixture(loop_scope="session")
async def asleep(scene):
    """The scene once nothing of it waits to be looked at."""
    async with scene.kernel.database.control():
        await connection().execute("DELETE FROM notification_wake")
        await connection().execute("DELETE FROM job WHERE kind = $1", DELIVER)
    return scene


@pytest.fixture
def wakes(asleep):
    """A function: when the tenant's notifications are looked at, in minutes from now."""

    async def found():
        async with asleep.kernel.database.control(read_only=True):
            rows = await connection().fetch(
                """SELECT extract(epoch FROM due_at - now()) / 60 AS minutes FROM notification_wake
                   WHERE tenant_id = $1 ORDER BY due_at""",
                asleep.tenant.id,
            )
        return [round(float(row["minutes"])) for row in rows]

    return found


@pytest.fixture
def tick(asleep):
    """A function: what a worker does each minute; returns how many jobs that send wait then."""

    async def run():
        assert await schedule.run_due(asleep.kernel, minute=1) == 0
        async with asleep.kernel.database.control(read_only=True):
            return await connection().fetchval(
                "SELECT count(*) FROM job WHERE kind = $1 AND status = 'queued'", DELIVER
            )

    return run


@pytest.fixture
def send(asleep):
    """A function: what a worker does with the job that sends."""

    async def run():
        async with asleep.kernel.database.control():
            await connection().execute("UPDATE job SET status = 'completed' WHERE kind = $1", DELIVER)
        tenant = asleep.tenant
        this = JobRun(id=uuid7(), tenant_id=tenant.id, schema=tenant.schema, attempt=1, kernel=asleep.kernel)
        return await asleep.kernel.registry.jobs[DELIVER].function(this)

    return run


async def test_five_thousand_idle_tenants_cost_one_statement(separate):
    async with separate() as kernel:
        async with kernel.database.control():
            await connection().execute(
                """INSERT INTO tenant (id, slug, name, plan, schema, schema_version, created_at)
                   SELECT gen_random_uuid(), 't' || n, 'x', 'standard', 't_' || md5(n::text), '', now()
                   FROM generate_series(1, $1) n""",
                IDLE,
            )
            await connection().execute("DELETE FROM notification_wake")
        database, statements = Database(kernel.database.dsn, size=1), []
        await database.open()
        async with database.control(read_only=True):
            connection().add_query_logger(lambda record: statements.append(record.query))
        assert await schedule.run_due(replace(kernel, database=database), minute=1) == 0
        await database.close()
        asked = [text for text in statements if not text.startswith(("BEGIN", "COMMIT"))]
        assert asked == ["SELECT DISTINCT tenant_id FROM notification_wake WHERE due_at <= now()"]


async def test_what_is_raised_is_looked_at_once_it_is_committed(asleep, wakes, tick):
    assert await tick() == 0
    await asleep.add_channel()
    with pytest.raises(LookupError):
        await _raise_and_fail(asleep)
    assert await wakes() == []
    await asleep.happen()
    assert await wakes() == [0]
    assert await tick() == 1
    # The event is planned; in a quarter of an hour somebody looks whether it was sent.
    assert await wakes() == [15]
    assert await tick() == 1


async def test_raising_leaves_the_tenants_role_as_it_was_and_waits_for_nobody(asleep):
    database, schema = asleep.kernel.database, asleep.tenant.schema

    async def raise_once():
        async with database.tenant(schema):
            await asleep.raise_here()
            assert await connection().fetchval("SELECT current_user") == schema

    async with database.tenant(schema):
        await asleep.raise_here()
        async with asyncio.timeout(5):
            await asyncio.create_task(raise_once())


async def test_what_was_sent_is_not_looked_at_again(asleep, wakes, tick, send):
    await asleep.add_channel()
    await asleep.happen()
    assert await tick() == 1
    assert await send() == {"messages": 1}
    assert await wakes() == [15]
    await _let_time_pass(asleep, timedelta(minutes=15))
    assert await tick() == 0
    assert await wakes() == []


async def test_a_failed_delivery_is_looked_at_when_it_is_due(asleep, wakes, tick, send, receiver):
    receiver.answers = [500]
    await asleep.add_channel()
    await asleep.happen()
    await tick()
    await send()
    assert (await asleep.only()).status == "queued"
    again, afterwards = await wakes()
    assert (again <= 1, afterwards) == (True, 15)
    assert await tick() == 0
    await _let_time_pass(asleep, timedelta(minutes=1))
    assert await tick() == 1
    assert await send() == {"messages": 1}
    assert (await asleep.only()).status == "sent"


async def test_a_worker_that_is_lost_at_every_attempt_leaves_nothing_behind(asleep, wakes, tick):
    await asleep.add_channel()
    await asleep.happen()
    assert await tick() == 1
    async with asleep.kernel.database.control():
        await connection().execute("UPDATE job SET status = 'failed' WHERE kind = $1", DELIVER)
    assert await tick() == 0
    await _let_time_pass(asleep, timedelta(minutes=15))
    assert await tick() == 1
    assert await wakes() == [15]


async def test_a_delivery_that_is_sent_again_wakes(asleep, wakes, tick, api, admin):
    await asleep.add_channel()
    await asleep.happen()
    await asleep.plan()
    row = await asleep.only(user_id=None)
    await asleep.sql("UPDATE notification_delivery SET status = 'dead'")
    assert (await tick(), await wakes()) == (0, [])
    async with api.post(f"/api/notification/deliveries/{row.id}/retry", headers=admin) as answer:
        assert answer.status < 300, await answer.text()
    assert await tick() == 1


async def _raise_and_fail(scene):
    async with scene.kernel.database.tenant(scene.tenant.schema):
        await scene.raise_here()
        raise LookupError


async def _let_time_pass(scene, time):
    """Move all that waits back by so much."""
    async with scene.kernel.database.control():
        await connection().execute("UPDATE notification_wake SET due_at = due_at - $1::interval", time)
    async with scene.kernel.database.tenant(scene.tenant.schema):
        await connection().execute("UPDATE notification_delivery SET due_at = due_at - $1::interval", time)
