"""Signals: heard at the commit by who waits for this topic of this tenant; none is lost with a connection."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest

from threatweaver.db.signals import Signals, announce
from threatweaver.db.transaction import connection

_LISTENS = """FROM pg_stat_activity WHERE query LIKE 'LISTEN%threatweaver_signal%'"""


@pytest.fixture
def signals(database):
    return Signals(database)


@asynccontextmanager
async def waiting(signals, schema, topic):
    """Somebody who waits, once the first wait, which ends when listening begins, is over."""
    async with signals.waiting(schema, topic) as signal:
        assert await signal.wait(5, asyncio.Event())
        yield signal


async def listeners(database):
    async with database.control(read_only=True):
        return await connection().fetchval(f"SELECT count(*) {_LISTENS}")


async def test_a_signal_is_heard_at_the_commit_by_who_waits_for_it(database, signals, tenant, other_tenant):
    never = asyncio.Event()
    async with (
        waiting(signals, tenant.schema, "here") as here,
        signals.waiting(tenant.schema, "elsewhere") as elsewhere,
        signals.waiting(other_tenant.schema, "here") as others,
    ):
        async with database.tenant(tenant.schema):
            await announce("here")
            await announce("here")
            assert not await here.wait(0.2, never)
        assert await here.wait(5, never)
        assert not await here.wait(0.2, never)  # twice is once
        assert not await elsewhere.wait(0, never)
        assert not await others.wait(0, never)


async def test_what_is_rolled_back_was_not_said(database, signals, tenant):
    async with waiting(signals, tenant.schema, "here") as here:
        with suppress(ZeroDivisionError):
            async with database.tenant(tenant.schema):
                await announce("here")
                raise ZeroDivisionError
        assert not await here.wait(0.3, asyncio.Event())


async def test_all_who_wait_share_a_connection_that_ends_with_the_last(database, signals, tenant):
    async with waiting(signals, tenant.schema, "a"), signals.waiting(tenant.schema, "b"):
        assert await listeners(database) == 1
    async with asyncio.timeout(5):
        while await listeners(database):  # noqa: ASYNC110 - the server ends it at its own pace
            await asyncio.sleep(0.05)


async def test_a_lost_connection_wakes_once_it_is_back(database, signals, tenant):
    async with waiting(signals, tenant.schema, "here") as here:
        async with database.control():
            await connection().execute(f"SELECT pg_terminate_backend(pid) {_LISTENS}")
        assert await here.wait(10, asyncio.Event())  # what was said meanwhile is read now
        async with database.tenant(tenant.schema):
            await announce("here")
        assert await here.wait(5, asyncio.Event())


async def test_who_waits_goes_when_the_application_does(signals, tenant):
    stopping = asyncio.Event()
    async with waiting(signals, tenant.schema, "here") as here:
        asyncio.get_running_loop().call_later(0.2, stopping.set)
        began = time.monotonic()
        assert not await here.wait(30, stopping)
        assert time.monotonic() - began < 5
