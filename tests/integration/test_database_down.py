"""While PostgreSQL is away or in trouble: 503 with Retry-After, never a 500; and it heals."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.auth.identify import Identifier
from threatweaver.db.transaction import LOST, Database, Unreachable, connection, listen
from threatweaver.testing.identities import headers_for


@asynccontextmanager
async def serving(kernel):
    async with TestClient(TestServer(application.build(kernel))) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(separate, new_tenant):
    """A kernel on a database of its own, a client, headers and the tenant."""
    async with separate(size=2) as kernel:
        tenant = await new_tenant(kernel)
        headers = await headers_for(kernel, role="admin", tenant=tenant)
        async with serving(kernel) as client:
            yield kernel, client, headers, tenant


async def get(client, path, headers=None):
    async with client.get(path, headers=headers) as answer:
        return answer.status, (await answer.json()).get("code"), answer.headers


async def kill_all(kernel):
    killer = await asyncpg.connect(kernel.database.dsn)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await killer.close()


async def test_killed_connections_cost_a_503_at_most(here):
    kernel, client, headers, _ = here
    assert (await get(client, "/api/tags", headers))[0] == 200
    for _ in range(3):
        await kill_all(kernel)
        statuses = []
        for _ in range(4):
            status, code, sent = await get(client, "/api/tags", headers)
            statuses.append(status)
            if status != 200:
                assert (status, code, "Retry-After" in sent) == (503, "SERVICE_UNAVAILABLE", True)
        assert statuses[-1] == 200


@pytest.mark.parametrize(
    "nowhere",
    [
        "postgresql://nobody@127.0.0.1:1/nothing",
        "postgresql://nobody@/nothing?host=/no/such/folder&port=5432",
    ],
    ids=["port", "socket"],
)
async def test_without_a_server_everything_that_needs_it_is_503(here, nowhere):
    kernel, _, headers, _ = here
    gone = Database(nowhere, size=2)
    gone._pool = await asyncpg.create_pool(nowhere, min_size=0, max_size=2)
    identifier = Identifier(gone, kernel.keys.access_token, kernel.registry.grants)
    async with serving(replace(kernel, database=gone, identifier=identifier)) as client:
        for path in ("/api/tags", "/api/auth/me", "/api/jobs", "/api/health/ready"):
            status, code, _ = await get(client, path, headers)
            assert (status, code) == (503, "SERVICE_UNAVAILABLE"), path
        body = {"email": "a@example.com", "password": "x"}
        async with client.post("/api/auth/login", json=body) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await get(client, "/api/health/live"))[0] == 200
        assert (await get(client, "/api/license/status"))[0] == 200
        assert (await get(client, "/api/tags"))[1] == "NO_TOKEN"
    with pytest.raises(Unreachable):
        async with gone.control():
            pytest.fail("a scope was opened")
    await gone.close()


async def test_a_server_that_is_not_there_stops_the_start():
    with pytest.raises(ConnectionRefusedError):
        await Database("postgresql://nobody@127.0.0.1:1/nothing").open()


async def test_ready_names_what_is_wrong_and_nothing_else(here):
    kernel, client, _, _ = here
    kernel.stopping.set()
    async with client.get("/api/health/ready") as answer:
        body = await answer.json()
    kernel.stopping.clear()
    assert (answer.status, body["checks"]) == (503, {"database": "ok", "process": "stopping"})


async def test_a_query_over_its_time_is_503(here):
    kernel, _, headers, tenant = here
    blocker = await asyncpg.connect(kernel.database.dsn)
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute(f'LOCK TABLE "{tenant.schema}".exposure_tag')
    impatient = Database(kernel.database.dsn, size=2, statement_timeout=0.2)
    await impatient.open()
    async with serving(replace(kernel, database=impatient)) as client:
        assert (await get(client, "/api/tags", headers))[:2] == (503, "QUERY_TIMEOUT")
        await transaction.rollback()
        assert (await get(client, "/api/tags", headers))[0] == 200
    await impatient.close()
    await blocker.close()


async def test_a_connection_is_rolled_back_before_it_goes_back(here):
    kernel, _, _, tenant = here
    for _ in range(6):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await fail(kernel.database, tenant)
    async with kernel.database.tenant(tenant.schema):
        assert await connection().fetchval("SELECT count(*) FROM exposure_tag") == 0


async def test_listening_survives_the_loss_of_its_connection(here):
    kernel, *_ = here
    heard, stop = asyncio.Queue(), asyncio.Event()
    task = asyncio.create_task(listen(kernel.database, "test_channel", heard.put, stop))
    async with asyncio.timeout(20):
        assert await heard.get() == ""
        await notify(kernel, "one")
        assert await heard.get() == "one"
        await kill_all(kernel)
        assert await heard.get() == ""
        for _ in range(3):  # the pool's killed connections are found out one by one
            try:
                await notify(kernel, "two")
                break
            except LOST:
                continue
        assert await heard.get() == "two"
        stop.set()
        await task


async def fail(database, tenant):
    async with database.tenant(tenant.schema):
        await connection().execute("INSERT INTO exposure_tag VALUES (gen_random_uuid(), 'x', 'y', now())")
        await connection().execute("SELECT 1/0")


async def notify(kernel, text):
    async with kernel.database.control() as unit:
        await unit.connection.execute("SELECT pg_notify('test_channel', $1)", text)
