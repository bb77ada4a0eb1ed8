"""Waiting for what comes: long polls and event streams, which hold nothing of the pool."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from exposure_reports import Item

from threatweaver import app as application
from threatweaver_exposure.changes import stream

STREAM = {"Accept": "text/event-stream"}


@asynccontextmanager
async def streamed(space, headers=STREAM, **params):
    """An event stream and a function that reads its next event: (name, id, data)."""
    opened = space.client.get("/api/changes", params=params, headers={**space.headers, **headers})
    async with opened as response:
        assert (response.status, response.content_type) == (200, "text/event-stream"), await response.text()
        last = {"id": ""}

        async def event():
            found = {}
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name in ("id", "event", "data"):
                    found[name] = value
                last["id"] = found.get("id", last["id"])
                if line == b"\n" and "data" in found:
                    return found["event"], last["id"], orjson.loads(found["data"])
            return None

        yield response, event


async def test_a_long_poll_answers_when_something_comes(space, scan, followed):
    await space.take(scan(Item()))
    _, cursor = await followed(space)
    polls = [asyncio.create_task(space.get("/changes", cursor=cursor, wait=30)) for _ in range(20)]
    await asyncio.sleep(0.5)
    assert not any(poll.done() for poll in polls)
    pool = space.kernel.database._pool
    assert pool.get_idle_size() == pool.get_size()  # more than it has are waiting
    began = time.monotonic()
    await space.take(scan(Item(), Item(plugin=1002), at=2))
    answers = await asyncio.gather(*polls)
    assert time.monotonic() - began < 5
    assert {len(answer["data"]) for answer in answers} == {1}


async def test_without_change_it_answers_in_time(space, scan, followed, make_space):
    await space.take(scan(Item()))
    _, cursor = await followed(space)
    others = await make_space()
    began = time.monotonic()
    waiting = asyncio.create_task(space.get("/changes", cursor=cursor, wait=2))
    await asyncio.sleep(0.3)
    await others.take(scan(Item(), host="10.9.9.9"))
    assert await waiting == {"data": [], "nextCursor": cursor, "more": False}
    assert 2 <= time.monotonic() - began < 4
    assert (await space.get("/changes", wait=30))["data"]  # what is there already is waited for by nobody


@pytest.mark.parametrize("seconds", ["31", "-1", "x"])
async def test_the_wait_has_a_limit(space, seconds):
    assert (await space.refusal("/changes", wait=seconds))["details"][0]["field"] == "wait"


async def test_a_stream_tells_and_goes_on_where_it_broke(space, scan):
    await space.take(scan(Item(), Item(plugin=1002)))
    async with streamed(space) as (_, event):
        first, second = await event(), await event()
        await space.take(scan(Item(), at=2))
        third = await event()
    assert [name for name, _, _ in (first, second, third)] == ["change"] * 3
    assert [data["action"] for _, _, data in (first, second, third)] == ["created", "created", "closed"]
    for behind, (_, last, _) in zip((second, third), (first, second), strict=True):
        async with streamed(space, {**STREAM, "Last-Event-ID": last}) as (_, event):
            assert (await event())[2] == behind[2]
    answer = await space.call("GET", "/changes", headers={**STREAM, "Last-Event-ID": "x"})
    assert (answer.status, answer.body["details"][0]["field"]) == (400, "Last-Event-ID")


async def test_a_quiet_stream_shows_that_it_lives(space, scan, followed, monkeypatch):
    await space.take(scan(Item()))
    _, cursor = await followed(space)
    monkeypatch.setattr(stream, "_HEARTBEAT", 0.2)
    async with streamed(space, cursor=cursor) as (response, _):
        lines = [await response.content.readline() for _ in range(8)]
    assert lines[:2] == [b"retry: 1000\n", b"\n"]
    assert lines[2:5] == [f"id: {cursor}\n".encode(), b": nothing more\n", b"\n"] == lines[5:]


async def test_streams_are_told_to_come_again_when_the_application_goes(space, scan):
    await space.take(scan(Item()))
    going = replace(space.kernel, stopping=asyncio.Event())
    async with TestClient(TestServer(application.build(going)), cookie_jar=DummyCookieJar()) as client:
        elsewhere = replace(space, client=client)
        async with streamed(elsewhere) as (_, event):
            _, cursor, _ = await event()
            poll = asyncio.create_task(elsewhere.get("/changes", cursor=cursor, wait=30))
            await asyncio.sleep(0.3)
            began = time.monotonic()
            going.stopping.set()
            name, _, data = await event()
            assert (name, data) == ("reconnect", {"cursor": cursor})
            assert await event() is None
            assert (await poll)["data"] == []
            assert time.monotonic() - began < 2


async def test_a_stream_ends_so_that_rights_are_looked_at_anew(space, scan, monkeypatch):
    await space.take(scan(Item()))
    monkeypatch.setattr(stream, "_LONGEST", 1.5)
    async with streamed(space) as (_, event):
        assert [(await event())[0], (await event())[0], await event()] == ["change", "reconnect", None]
