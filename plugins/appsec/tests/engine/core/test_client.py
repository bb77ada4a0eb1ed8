"""The client: whatever a target does comes back as a value, within scope, budget, memory and time."""

import asyncio
import gzip
import itertools
import time

import pytest
from aiohttp import web

from threatweaver_appsec.engine.messages import Fault, Request
from threatweaver_appsec.engine.ports import Session
from threatweaver_appsec.engine.scope import PRIVATE, Scope


def answers(text="ok", **options):
    async def handler(request):
        return web.Response(text=text, **options)

    return handler


def raw(data: bytes, *, then=None):
    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        if then:
            await then(writer)
        writer.close()

    return speak


async def test_an_answer_is_kept_and_logged_with_its_attribution(talk):
    async def echo(request):
        return web.json_response(dict(request.headers), headers={"X-A": "1"})

    one = await talk({"GET /x": echo})
    got = await one.get("/x?a=b", agent="sqli")
    assert (got.status, got.response.header("x-a"), got.fault) == (200, "1", None)
    assert '"X-ThreatWeaver-Scan": "scan-1"' in got.text
    assert "ThreatWeaver" in got.text
    (entry,) = one.log
    assert (entry.number, entry.method, entry.url, entry.agent) == (1, "GET", one.base + "/x?a=b", "sqli")
    assert entry.bytes == len(got.response.body) > 0
    assert (one.client.spent.requests, got.number) == (1, 1)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", Fault.MALFORMED),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", Fault.MALFORMED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", Fault.MALFORMED),
        (b"\x00\xff garbage \r\n\r\n", Fault.MALFORMED),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n", Fault.MALFORMED),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000, Fault.MALFORMED),
        (b"", Fault.RESET),
    ],
)
async def test_what_is_broken_is_a_fault(talk, data, fault):
    one = await talk(raw(data))
    got = await one.get("/")
    assert (got.response, got.fault) == (None, fault)
    assert one.log[-1].fault == fault


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize(("closes", "fault"), [(1, None), (9, Fault.RESET)])
async def test_a_kept_connection_that_was_closed_is_opened_once_more(talk, serve, closes, fault, resets):
    """The first connection answers one request, and is closed when the next one comes; so are some others."""
    connections = itertools.count()

    async def speak(reader, writer):
        number = next(connections)
        for turn in itertools.count():
            await reader.readuntil(b"\r\n\r\n")
            if number < closes and (turn or number):
                if resets:
                    writer.transport.abort()
                break
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    one = await talk(await serve(speak))
    assert (await one.get("/")).status == 200
    again = await one.client.send(Request("POST", f"{one.base}/"))
    assert (again.fault, again.status) == (fault, 0 if fault else 200)


async def test_a_request_that_cannot_be_sent_is_a_fault(talk):
    one = await talk({"GET /": answers()})
    got = await one.client.send(Request("GET", one.base + "/", (("A", "b\r\nc: d"),)))
    assert (got.fault, got.response) == (Fault.MALFORMED, None)
    assert (await one.client.send(Request("GET", "http://127.0.0.1:1/"))).fault is Fault.OUT_OF_SCOPE


async def test_nobody_there_is_refused(talk):
    one = await talk("http://127.0.0.1:1")
    assert (await one.get("/")).fault is Fault.REFUSED


async def test_bodies_are_cut_and_bombs_stay_packed(talk):
    bomb, small = gzip.compress(b"0" * 50_000_000), gzip.compress(b"hello")

    async def endless(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(500):
            await answer.write(b"x" * 1_000_000)
        return answer

    one = await talk(
        {
            "GET /bomb": lambda _: web.Response(body=bomb, headers={"Content-Encoding": "gzip"}),
            "GET /endless": endless,
            "GET /small": lambda _: web.Response(body=small, headers={"Content-Encoding": "gzip"}),
        },
        limits={"body": 10_000},
    )
    for path in ("/bomb", "/endless"):
        got = await one.get(path)
        assert (len(got.response.body), got.response.truncated) == (10_000, True)
        assert got.response.length < 1_000_000
    assert (await one.get("/small")).text == "hello"


async def test_a_slow_answer_ends_at_its_deadline(talk):
    async def drip(writer):
        for _ in range(100):
            writer.write(b"x")
            await asyncio.sleep(0.1)

    one = await talk(
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", then=drip), limits={"answer_seconds": 0.5}
    )
    start = time.monotonic()
    assert (await one.get("/")).fault is Fault.TIMEOUT
    assert time.monotonic() - start < 2


async def test_time_is_measured_to_the_first_byte(talk):
    async def late(request):
        await asyncio.sleep(0.4)
        return web.Response(text="x")

    one = await talk({"GET /late": late, "GET /": answers()})
    assert 0.38 < (await one.get("/late")).seconds < 0.8
    assert (await one.get("/")).seconds < 0.2


@pytest.mark.parametrize(("limit", "value"), [("requests", 3), ("bytes", 5), ("seconds", 0.4)])
async def test_a_budget_is_a_hard_stop(talk, limit, value):
    async def slow(request):
        await asyncio.sleep(0.15)
        return web.Response(text="ok")

    one = await talk({"GET /": slow}, limits={limit: value, "together": 1})
    got = [await one.get("/") for _ in range(5)]
    assert [exchange.fault for exchange in got][-2:] == [Fault.OVER_BUDGET] * 2
    assert got[0].status == 200
    assert "budget" in one.log[-1].why
    assert one.client.spent.requests <= 3


async def test_redirects_are_followed_in_scope_only(talk):
    one = None

    async def out(request):
        raise web.HTTPFound("http://169.254.169.254/latest/meta-data/")

    async def around(request):
        raise web.HTTPFound(f"/loop{int(request.match_info['n']) + 1}")

    one = await talk(
        {
            "POST /a": lambda _: web.Response(status=302, headers={"Location": "b#x", "Set-Cookie": "s=new"}),
            "GET /b": lambda request: web.json_response(dict(request.cookies)),
            "GET /out": out,
            "GET /loop{n}": around,
        }
    )
    one.client.enter("ann", Session(cookies=(("s", "old"),)))
    got = await one.client.send(Request("POST", one.base + "/a", (), b"x=1"), identity="ann", follow=True)
    assert (got.request.method, got.text) == ("GET", '{"s": "new"}')
    got = await one.get("/out", follow=True)
    assert (got.status, one.log[-1].fault) == (302, "out_of_scope")
    assert "169.254" in one.log[-1].url
    before = one.client.spent.requests
    assert (await one.get("/loop1", follow=True)).status == 302
    assert one.client.spent.requests - before == 11


async def test_each_identity_has_its_own_cookies_and_headers(talk):
    async def show(request):
        answer = web.json_response([dict(request.cookies), request.headers.get("Authorization")])
        answer.set_cookie("n", request.query.get("n", "0"))
        return answer

    one = await talk({"GET /": show})
    one.client.enter("ann", Session((("Authorization", "Bearer abcdefghij"),), (("sid", "12345678"),)))
    signed = '[{"sid": "12345678"}, "Bearer abcdefghij"]'
    assert (await one.get("/?n=1", identity="ann")).response.text == signed
    assert '"n": "1"' in (await one.get("/", identity="ann")).text
    assert (await one.get("/", identity="bob")).text == "[{}, null]"
    assert (await one.get("/")).text == "[{}, null]"
    own = Request("GET", one.base + "/", (("Cookie", "sid=attack"), ("authorization", "x")))
    assert (await one.client.send(own, identity="ann")).text == '[{"sid": "attack", "n": "0"}, "x"]'
    bearer = {"Bearer abcdefghij", "Bearer%20abcdefghij", "Bearer+abcdefghij", "abcdefghij"}
    assert one.client.secrets() == {"12345678", *bearer}
    one.client.forget("ann")
    assert (await one.get("/", identity="ann")).text == "[{}, null]"


async def test_a_name_that_leads_inside_is_never_connected_to(talk, serve):
    hits = []

    async def hit(request):
        hits.append(request)
        return web.Response()

    base = await serve({"GET /": hit})
    port = base.rpartition(":")[2]
    turns = iter([["93.184.216.34", "127.0.0.1"], ["127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]])

    async def rebind(host, port):
        return next(turns)

    scope = Scope(frozenset({f"http://rebind.test:{port}"}))
    one = await talk(f"http://rebind.test:{port}", scope=scope, resolve=rebind)
    for _ in range(4):
        got = await one.get("/")
        assert got.fault is Fault.OUT_OF_SCOPE
        assert "rebind.test" in one.log[-1].why
    assert hits == []


async def test_the_address_that_was_checked_is_connected_to(talk, serve):
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    base = await serve({"GET /": answers("here")})
    port = base.rpartition(":")[2]
    scope = Scope(frozenset({f"http://shop.test:{port}"}), allowed=PRIVATE)
    one = await talk(f"http://shop.test:{port}", scope=scope, resolve=resolve)
    assert [(await one.get("/")).text for _ in range(3)] == ["here"] * 3
    assert asked == ["shop.test"]


async def test_stopping_ends_what_is_under_way(talk):
    async def never(request):
        await asyncio.sleep(60)

    one = await talk({"GET /": never}, limits={"per_second": 5})
    tasks = [asyncio.create_task(one.get("/")) for _ in range(20)]
    await asyncio.sleep(0.3)
    start = time.monotonic()
    one.client.stop()
    got = await asyncio.gather(*tasks)
    assert time.monotonic() - start < 1
    assert {exchange.fault for exchange in got} == {Fault.STOPPED}
    assert (await one.get("/")).fault is Fault.STOPPED


async def test_requests_that_race_are_under_way_together(talk):
    most, now = 0, 0

    async def count(request):
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.2)
        now -= 1
        return web.Response()

    one = await talk({"GET /": count}, limits={"together": 2, "per_second": 1})
    got = await one.client.send_together([Request("GET", one.base + "/")] * 15)
    assert [exchange.status for exchange in got] == [200] * 15
    assert most == 15


async def test_a_target_that_is_overloaded_is_asked_later_and_slower(talk):
    times = []

    async def overloaded(request):
        times.append(time.monotonic())
        if len(times) == 3:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response()

    one = await talk({"GET /": overloaded, "GET /other": overloaded}, limits={"together": 1})
    for number in range(6):
        await one.get("/other" if number % 2 else "/")
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[2] > 0.9
    assert gaps[3] > 0.04  # half of the rate that it had begun with


async def test_one_path_that_counts_attempts_does_not_hold_up_the_others(talk):
    asked = []

    async def here(request):
        asked.append(request.path)
        limited = request.path == "/login"
        return web.Response(status=429 if limited else 200, headers={"Retry-After": "60"})

    one = await talk({"GET /login": here, "GET /": here}, limits={"together": 1})
    await one.get("/login")
    again = asyncio.create_task(one.get("/login"))
    for _ in range(5):
        await one.get("/")
    assert (asked, again.done()) == (["/login", *"/////"], False)
    await again
    assert asked[-1] == "/login"


async def test_a_host_that_limits_everywhere_is_asked_later(talk):
    times = []

    async def limited(request):
        times.append(time.monotonic())
        return web.Response(status=429 if len(times) <= 3 else 200, headers={"Retry-After": "2"})

    one = await talk({f"GET /{number}": limited for number in range(4)}, limits={"together": 1})
    for number in range(4):
        await one.get(f"/{number}")
    assert times[3] - times[2] > 1.9


async def test_who_is_started_anew_is_waited_for_and_who_never_answered_is_not(talk):
    speak = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    first = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = first.sockets[0].getsockname()[1]
    one, other = [await talk(f"http://127.0.0.1:{port}") for _ in range(2)]
    assert (await one.get("/")).status == 200
    first.close()
    await first.wait_closed()
    asking = asyncio.create_task(one.get("/"))
    assert (await other.get("/")).fault is Fault.REFUSED
    async with await asyncio.start_server(speak, "127.0.0.1", port):
        assert (await asking).status == 200
