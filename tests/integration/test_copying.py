"""COPY: a lost connection ends it, though nothing may be written any more."""

import asyncio
import os
import signal

import asyncpg
import pytest

from threatweaver.db.transaction import connection, copy_rows

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def endless():
    while True:
        yield ("y" * 100_000,)


@pytest.fixture
def stopped():
    """Stop a server process, so that what is written to it piles up; it goes on when the test is over."""
    numbers = []

    def stop(number):
        numbers.append(number)
        os.kill(number, signal.SIGSTOP)

    yield stop
    for number in numbers:
        os.kill(number, signal.SIGCONT)


async def test_a_connection_that_is_lost_while_it_takes_nothing_ends_the_copy(tenant, in_tenant, stopped):
    async def copied():
        async with in_tenant(tenant):
            held = connection()
            await held.execute("CREATE TEMPORARY TABLE copied (text text) ON COMMIT DROP")
            number = await held.fetchval("SELECT pg_backend_pid()")
            copying = asyncio.create_task(copy_rows("copied", endless()))
            await asyncio.sleep(0.1)
            stopped(number)
            await asyncio.sleep(0.5)  # the socket is full by now
            held.terminate()
            await asyncio.wait_for(copying, 20)

    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        await copied()


async def test_who_stops_copying_can_use_the_connection(tenant, in_tenant):
    async with in_tenant(tenant):
        held = connection()
        await held.execute("CREATE TEMPORARY TABLE copied (text text) ON COMMIT DROP; SAVEPOINT before")
        copying = asyncio.create_task(copy_rows("copied", endless()))
        await asyncio.sleep(0.2)
        copying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await copying
        await held.execute("ROLLBACK TO before")
        await copy_rows("copied", [("one",), ("two",)], ["text"])
        assert await held.fetchval("SELECT count(*) FROM copied") == 2
