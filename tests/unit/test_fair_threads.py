"""Threads for what waits for others: a share for each, and a slot is free when its thread is."""

import asyncio
import threading
from contextlib import suppress

import pytest

from threatweaver.threads import FairThreads


@pytest.fixture
def held():
    """An event that blocks the threads which wait for it, at most until the test's end."""
    event = threading.Event()
    yield event
    event.set()


def threads(**options):
    return FairThreads("test", **{"threads": 4, "each": 2, "patience": 5, **options})


async def begin(some, held, times):
    """Let so many calls wait for one slow server; return once the threads that it may have are busy."""
    running = [asyncio.create_task(some.run("slow", held.wait, 30)) for _ in range(times)]
    await asyncio.sleep(0.05)
    return running


async def test_one_slow_server_delays_nobody_who_asks_another(held):
    some = threads()
    waiting = await begin(some, held, 10)
    async with asyncio.timeout(2):
        assert await some.run("quick", str.upper, "b") == "B"
    assert not any(task.done() for task in waiting)
    held.set()
    assert await asyncio.gather(*waiting) == [True] * 10


async def test_a_line_that_does_not_move_is_left(held):
    some = threads(patience=0.1)
    waiting = await begin(some, held, 2)
    with pytest.raises(TimeoutError):
        await some.run("slow", str.upper, "b")
    held.set()
    await asyncio.gather(*waiting)
    assert await some.run("slow", str.upper, "b") == "B"


async def test_who_stops_waiting_leaves_the_slot_to_the_thread_that_is_in_it(held):
    some = threads(each=1, patience=0.1)
    (gone,) = await begin(some, held, 1)
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone
    with pytest.raises(TimeoutError):
        await some.run("slow", str.upper, "b")
    held.set()
    async with asyncio.timeout(2):
        while True:
            with suppress(TimeoutError):
                assert await some.run("slow", str.upper, "b") == "B"
                break


async def test_what_the_work_raises_is_raised():
    with pytest.raises(ValueError, match="invalid literal"):
        await threads().run("any", int, "x")


async def test_nothing_is_kept_of_a_line_that_nobody_is_in():
    some = threads()
    for number in range(3):
        await some.run(number, str.upper, "b")
    await asyncio.sleep(0.05)
    assert not some._lines
