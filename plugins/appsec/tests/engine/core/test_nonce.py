"""Nonces depend on their place alone; callbacks are heard only at paths that were handed out."""

import asyncio
import re

import aiohttp
import pytest

from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.nonce import SeededNonce


def values(*place):
    nonce = SeededNonce(*place)
    return nonce.word(), nonce.number(1, 10**9), nonce.word(30)


def test_a_place_has_the_same_values_at_each_run():
    place = ("seed", "sqli", "GET /x", "query:q", 0, 1)
    assert values(*place) == values(*place)
    assert re.fullmatch("[a-z]{8}", values(*place)[0])
    others = [values(*(*place[:index], "other", *place[index + 1 :])) for index in range(len(place))]
    assert len({values(*place), *others}) == len(place) + 1
    assert values("seed", "ab", "c") != values("seed", "a", "bc")
    assert SeededNonce("seed").callback() is None


@pytest.fixture
async def callbacks():
    async with Callbacks() as listening:
        yield listening


async def fetch(url, **options):
    async with aiohttp.ClientSession() as client, client.get(url, **options) as got:
        return got.status


async def test_a_callback_is_heard_while_it_is_waited_for(callbacks):
    first, second = (SeededNonce("s", place, new=callbacks.new).callback() for place in "ab")
    assert not await callbacks.called(first, 0)
    waiting = asyncio.create_task(callbacks.called(first, 5))
    assert await fetch(first + "?with=query") == 200
    assert await waiting
    assert not await callbacks.called(second, 0.05)
    other = first.rpartition("/")[0].rpartition("/")[0] + "/guessed/" + first.rpartition("/")[2]
    assert await fetch(other) == 200
    assert not await callbacks.called(other, 0)


async def test_what_is_no_http_is_survived(callbacks):
    url = callbacks.new("t")
    port = int(url.split(":")[2].partition("/")[0])
    for data in (b"\xff\x00\r\n", b"", b"A" * 100_000, b"GET\r\n"):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        writer.close()
    assert await fetch(url) == 200
    assert await callbacks.called(url, 1)
