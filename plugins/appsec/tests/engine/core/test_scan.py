"""The pipeline: what it finds, tells and covers; and in doubt it says so, within half a minute."""

import asyncio
import time
from collections import Counter

import pytest
from aiohttp import web
from small_agents import ALL, BROKEN, ECHO, FILES, SLEEPY
from small_target import EXPECTED, HANDLERS, HOME, FormLogin, crawl, page

from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.catalog import PROFILES
from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of


def order_of(base, **options):
    limits = Limits(per_second=2_000, **options.pop("limits", {}))
    scope = Scope(frozenset({origin_of(base)}), allowed=PRIVATE, safe=options.pop("safe", True))
    options = {"agents": ALL, "discover": crawl, "limits": limits} | options
    return Order(base, scope, **options)


async def run(order, store=None):
    scan = Scan(order, store)
    return scan, [event async for event in scan.events()]


def found(scan):
    return {(one.agent, one.template) for one in scan.memory.findings.values()}


async def test_a_scan_finds_tells_and_covers(serve):
    base = await serve(HANDLERS)
    log = []
    scan, events = await run(order_of(base, log=lambda _, entry: log.append(entry)))
    end = events[-1]
    assert (end.state, end.reason) == (State.COMPLETED, "")
    assert found(scan) == EXPECTED
    phases = [event.phase for event in events if event.kind == "phase_change"]
    assert phases == ["profiling", "planning", "attacking", "validating", "chaining", "completed"]
    kinds = Counter(event.kind for event in events)
    assert kinds["finding_new"] == len(EXPECTED)
    assert kinds["agent_start"] == 4
    assert kinds["agent_complete"] == 5
    assert end.requests == len([entry for entry in log if not entry.fault])
    assert {"health", "discover", "baseline", "echo", "quote", "files"} == {entry.agent for entry in log}
    coverage = end.coverage
    assert {(one["path"], one["status"]) for one in coverage["operations"]} >= {
        ("/echo", 200),
        ("/items/{}", 200),
    }
    assert {one["agent"]: one["state"] for one in coverage["agents"]} == dict.fromkeys(
        ("server", "echo", "quote", "fetch", "files"), "complete"
    )
    reasons = {one["what"]: one["why"] for one in coverage["not_tested"]}
    assert reasons["GET /logout"] == "ends the session"
    assert reasons["GET /items/{}"] == "like others that are tested"
    assert not any("/logout" in entry.url for entry in log if entry.agent == "echo")


async def test_the_same_seed_sends_the_same(serve):
    base = await serve(HANDLERS)
    logs = []
    for seed in ("a", "a", "b"):
        log = []
        await run(order_of(base, seed=seed, log=lambda _, entry, log=log: log.append(entry.url)))
        logs.append(sorted(log))
    assert logs[0] == logs[1] != logs[2]


async def test_an_agent_that_raises_does_not_end_the_scan(serve):
    base = await serve(HANDLERS)
    scan, events = await run(order_of(base, agents=(BROKEN, *ALL)))
    (error,) = [event for event in events if event.kind == "agent_error"]
    assert (error.agent, "ZeroDivisionError" in error.error) == ("broken", True)
    assert events[-1].state == State.COMPLETED
    assert found(scan) == EXPECTED
    assert {one["state"] for one in events[-1].coverage["agents"] if one["agent"] == "broken"} == {"error"}


async def test_profiles_and_safety_choose_agents(serve):
    base = await serve(HANDLERS)
    scan, events = await run(order_of(base, profile=PROFILES["passive"], agents=(*ALL, SLEEPY)))
    assert found(scan) == {("server", "/")}
    left = {one["what"]: one["why"] for one in events[-1].coverage["not_tested"]}
    assert left["agent sleepy"] == "not in safe mode"
    assert left["agent echo"] == "profile passive attacks nothing"
    scan, _ = await run(order_of(base, profile=PROFILES["api-only"]))
    assert found(scan) == {pair for pair in EXPECTED if pair[0] not in ("echo", "server")}


@pytest.mark.parametrize("status", [None, 502])
async def test_a_target_that_is_down_is_inconclusive(serve, status):
    base = (
        "http://127.0.0.1:1"
        if status is None
        else await serve({"GET /": lambda _: web.Response(status=status)})
    )
    start = time.monotonic()
    _, events = await run(order_of(base))
    assert events[-1].state == State.INCONCLUSIVE
    assert "does not answer" in events[-1].reason
    assert time.monotonic() - start < 30


def counted(handlers, limit, answer):
    """The handlers, until so many requests were answered."""
    number = 0

    def wrap(handler):
        async def call(request):
            nonlocal number
            number += 1
            return handler(request) if number <= limit else await answer(request)

        return call

    return {place: wrap(handler) for place, handler in handlers.items()}


async def blocked(request):
    return web.Response(status=403, text="blocked")


async def limited(request):
    return web.Response(status=429, headers={"Retry-After": "60"})


async def silent(request):
    await asyncio.sleep(60)


async def closed(request):
    request.transport.abort()
    return web.Response()


async def test_a_target_that_answers_no_more_is_inconclusive(serve):
    many = {f"GET /p{n}": HANDLERS["GET /safe"] for n in range(60)}
    links = HOME + "".join(f'<a href="/p{n}?q=1">x</a>' for n in range(60))

    async def end(answer):
        base = await serve(counted(HANDLERS | many | {"GET /": lambda _: page(links)}, 120, answer))
        start = time.monotonic()
        _, events = await run(order_of(base))
        return events[-1].state, events[-1].reason, time.monotonic() - start

    whys = {blocked: "blocks", limited: "blocks", silent: "timeout", closed: "reset"}
    for why, told in zip(whys.values(), await asyncio.gather(*map(end, whys)), strict=True):
        state, reason, seconds = told
        assert (state, why in reason) == (State.INCONCLUSIVE, True), told
        assert seconds < 32, told


async def test_a_firewall_that_refuses_attacks_only_does_not_end_the_scan(serve):
    def guarded(handler):
        return lambda request: (
            web.Response(status=403)
            if "%3C" in request.raw_path or "%27" in request.raw_path
            else handler(request)
        )

    base = await serve({place: guarded(handler) for place, handler in HANDLERS.items()})
    scan, events = await run(order_of(base))
    assert events[-1].state == State.COMPLETED
    assert found(scan) == {("files", "/backup.zip"), ("server", "/")}


class Accounts:
    """A target with a login, whose sessions end when they are told to."""

    def __init__(self, *, lasts=10**9, again=True):
        self.sessions, self.lasts, self.again, self.logins = {}, lasts, again, 0

    async def login(self, request):
        form = await request.post()
        if form["password"] != "right" or (self.logins and not self.again):
            return web.Response(status=401)
        self.logins += 1
        answer = page("in")
        answer.set_cookie("sid", f"session-{self.logins}")
        self.sessions[f"session-{self.logins}"] = self.lasts
        return answer

    def inside(self, handler):
        def call(request):
            sid = request.cookies.get("sid")
            if self.sessions.get(sid, 0) <= 0:
                return web.Response(status=401, text="sign in")
            self.sessions[sid] -= 1
            return handler(request)

        return call

    def handlers(self):
        inside = {place: self.inside(handler) for place, handler in HANDLERS.items() if place != "GET /"}
        own = {"POST /login": self.login, "GET /me": self.inside(lambda _: page("me"))}
        return inside | own | {"GET /": HANDLERS["GET /"]}


INSIDE = {("echo", "/echo"), ("quote", "/sql"), ("server", "/")}


async def test_a_scan_works_as_whoever_signs_in(serve):
    base = await serve(Accounts().handlers())
    scan, events = await run(order_of(base, logins=[FormLogin(base)]))
    assert (events[-1].state, found(scan)) == (State.COMPLETED, INSIDE)
    assert {one.identity for one in scan.memory.findings.values() if one.agent == "echo"} == {"ann"}
    stored = "".join(str(one) for one in scan.memory.findings.values())
    assert "session-1" not in stored
    assert "$TW_COOKIE" in stored


async def test_wrong_credentials_are_inconclusive(serve):
    base = await serve(Accounts().handlers())
    _, events = await run(order_of(base, logins=[FormLogin(base, "wrong")]))
    assert (events[-1].state, events[-1].reason) == (
        State.INCONCLUSIVE,
        "login of ann failed: the form refuses the credentials",
    )


async def test_a_lost_session_is_opened_again_and_nothing_is_missed(serve):
    accounts = Accounts(lasts=45)
    base = await serve(accounts.handlers())
    scan, events = await run(order_of(base, logins=[FormLogin(base)]))
    assert accounts.logins > 1
    assert (events[-1].state, found(scan)) == (State.COMPLETED, INSIDE), events[-1].reason


async def test_a_session_that_cannot_be_opened_again_is_inconclusive(serve):
    base = await serve(Accounts(lasts=45, again=False).handlers())
    start = time.monotonic()
    _, events = await run(order_of(base, logins=[FormLogin(base)]))
    assert events[-1].state == State.INCONCLUSIVE
    assert "session of ann was lost" in events[-1].reason
    assert time.monotonic() - start < 30


async def test_stopping_ends_a_scan_within_two_seconds(serve):
    async def slow(request):
        await asyncio.sleep(5)
        return page("x")

    base = await serve(HANDLERS | {"GET /safe": slow})
    scan = Scan(order_of(base))
    events = []
    async for event in scan.events():
        events.append(event)
        if event.kind == "progress" or getattr(event, "phase", "") == "attacking":
            start = time.monotonic()
            asyncio.get_running_loop().call_later(0.2, scan.stop)
    assert (events[-1].state, events[-1].reason) == (State.CANCELLED, "stopped")
    assert time.monotonic() - start < 2


async def test_a_budget_that_is_used_up_is_told(serve):
    base = await serve(HANDLERS)
    _, events = await run(order_of(base, limits={"requests": 340, "together": 1}))
    end = events[-1]
    assert (end.state, end.requests) == (State.COMPLETED, 340)
    assert "340 requests" in end.reason
    assert "not finished" in {one["state"] for one in end.coverage["agents"]}
    _, events = await run(order_of(base, limits={"requests": 60}))  # all of it for the crawl
    assert events[-1].state == State.INCONCLUSIVE
    assert "before anything was tested" in events[-1].reason


async def test_opting_in_and_out(serve):
    base = await serve(HANDLERS)
    scan, _ = await run(order_of(base, only=frozenset({ECHO.about.id})))
    assert found(scan) == {("echo", "/echo")}
    scan, _ = await run(order_of(base, without=frozenset({FILES.about.id})))
    assert found(scan) == EXPECTED - {("files", "/backup.zip")}
