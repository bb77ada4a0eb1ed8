"""What a process remembers is asked for by one at a time."""

import asyncio

import pytest

from threatweaver.remembered import Remembered

pytestmark = pytest.mark.asyncio


async def test_a_hundred_at_once_ask_once() -> None:
    asked, remembered = [], Remembered[str, int]()

    async def load() -> int:
        asked.append(1)
        await asyncio.sleep(0.01)
        return len(asked)

    found = await asyncio.gather(*(remembered.get("key", load) for _ in range(100)))
    assert (set(found), len(asked)) == ({1}, 1)


async def test_who_fails_lets_the_next_one_ask() -> None:
    asked, remembered = [], Remembered[str, str]()

    async def load() -> str:
        asked.append(1)
        await asyncio.sleep(0)
        if len(asked) == 1:
            raise ConnectionError
        return "found"

    found = await asyncio.gather(*(remembered.get("key", load) for _ in range(3)), return_exceptions=True)
    assert [type(item) if isinstance(item, Exception) else item for item in found] == [
        ConnectionError,
        "found",
        "found",
    ]
    assert len(asked) == 2


async def test_who_is_cancelled_lets_the_next_one_ask() -> None:
    remembered, begun = Remembered[str, str](), asyncio.Event()

    async def forever() -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    async def load() -> str:
        return "found"

    first = asyncio.create_task(remembered.get("key", forever))
    await begun.wait()
    second = asyncio.create_task(remembered.get("key", load))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "found"


async def test_other_keys_do_not_wait() -> None:
    remembered, hold = Remembered[str, str](), asyncio.Event()

    async def forever() -> str:
        await hold.wait()
        return "late"

    async def load() -> str:
        return "found"

    waiting = asyncio.create_task(remembered.get("one", forever))
    await asyncio.sleep(0)
    assert await remembered.get("other", load) == "found"
    hold.set()
    assert await waiting == "late"


async def test_what_is_too_old_is_asked_for_again() -> None:
    remembered, values = Remembered[str, int](lambda _: 0), iter(range(2))

    async def load() -> int:
        return next(values)

    assert [await remembered.get("key", load) for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("drop", [lambda it: it.forget("key"), lambda it: it.clear()], ids=["one", "all"])
async def test_what_was_asked_for_before_a_change_is_not_remembered(drop) -> None:
    remembered, values, hold = Remembered[str, int](), iter(range(3)), asyncio.Event()

    async def load() -> int:
        value = next(values)
        await hold.wait()
        return value

    waiting = asyncio.create_task(remembered.get("key", load))
    await asyncio.sleep(0)
    drop(remembered)
    hold.set()
    assert (await waiting, await remembered.get("key", load), await remembered.get("key", load)) == (0, 1, 1)
