import asyncio
import re
import resource
import tracemalloc

import aiohttp
import pytest

from lab import endless, hostile
from lab.app import serve
from lab.client import connect


async def test_pages_lead_to_each_other_all_of_them():
    async with serve(hostile.make_pages(300)) as url, connect(url) as lab:
        seen, queue = {"/"}, ["/"]
        while queue:
            reply = await lab.send("GET", queue.pop())
            assert reply.status == 200
            found = [path for path in re.findall(r'href="([^"]+)"', reply.text) if path not in seen]
            seen.update(found)
            queue += found
        assert len(seen) == 300
        assert (await lab.send("GET", "/page/300")).status == 404


async def test_calendar_has_no_end():
    async with serve(hostile.make_calendar()) as url, connect(url) as lab:
        days = set()
        path = "/"
        for _ in range(40):
            text = (await lab.send("GET", path)).text
            days.add(re.search(r"<h1>(.*?)</h1>", text)[1])
            path = re.findall(r'href="([^"]+)"', text)[1]
        assert len(days) == 40
        assert (await lab.send("GET", "/?day=9999-12-31")).status == 400


async def test_huge_body_is_sent_whole_in_little_memory():
    async with serve(hostile.make_huge()) as url, aiohttp.ClientSession() as http:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with http.get(url) as response:
            size = 0
            async for part in response.content.iter_any():
                size += len(part)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert size > 499 * 1024**2
    assert grown < 40 * 1024  # KiB


async def test_links_are_sent_in_little_memory():
    async with serve(hostile.make_links()) as url, aiohttp.ClientSession() as http:
        tracemalloc.start()
        try:
            async with http.get(url) as response:
                links = 0
                async for part in response.content.iter_any():
                    links += part.count(b"\n")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert links == 100_000
    assert peak < 16 * 1024**2


async def test_slow_answer_never_ends():
    async with serve(hostile.make_slow(0.05)) as url, aiohttp.ClientSession() as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5), http.get(url) as response:
                await response.read()


async def test_redirects_go_on():
    async with serve(hostile.make_redirects()) as url, connect(url) as lab:
        assert (await lab.get("/loop")).headers["Location"] == "/loop"
        places = {(await lab.get("/a")).headers["Location"] for _ in range(5)}
        assert len(places) == 5
        with pytest.raises(aiohttp.TooManyRedirects):
            await lab.send("GET", "/", allow_redirects=True)


async def test_broken_answers_are_broken():
    async with serve(hostile.make_broken()) as url, aiohttp.ClientSession(auto_decompress=False) as http:
        for name in hostile._BROKEN:
            async with http.get(f"{url}/{name}") as response:
                assert await response.read() == hostile._BROKEN[name][1]
        async with aiohttp.ClientSession() as decoding:
            with pytest.raises(aiohttp.ClientPayloadError):
                await (await decoding.get(f"{url}/gzip")).read()


async def test_connection_is_reset_within_an_answer():
    async with serve(hostile.make_reset(1)) as url, connect(url) as lab:
        assert (await lab.get("/")).status == 200
        with pytest.raises(aiohttp.ClientError):
            await lab.get("/a")


async def test_firewall_blocks_after_so_many():
    async with serve(hostile.make_waf(5)) as url, connect(url) as lab:
        assert [(await lab.get("/")).status for _ in range(7)] == [200] * 5 + [403] * 2


async def test_target_goes_down_after_so_many():
    async with serve(hostile.make_down(3)) as url, connect(url) as lab:
        assert [(await lab.get("/")).status for _ in range(3)] == [200] * 3
        with pytest.raises(aiohttp.ClientError):
            await lab.get("/")


async def test_session_is_over_after_so_many_and_may_be_had_again():
    async with serve(hostile.make_expiring(3)) as url, connect(url) as lab:
        for _ in range(2):
            reply = await lab.post("/login", username="alice", password="alice-pass-1")
            headers = {"Cookie": f"session={reply.cookies['session']}"}
            statuses = [(await lab.send("GET", "/", headers=headers)).status for _ in range(4)]
            assert statuses == [200] * 3 + [302]
        assert (await lab.post("/login", username="alice", password="no")).status == 401


def test_all_are_listed():
    names = [*vars(hostile), *vars(endless)]
    made = {name.removeprefix("make_") for name in names if name.startswith("make_")}
    assert made == set(hostile.HOSTILE)
