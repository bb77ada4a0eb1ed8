"""Every route in every license state: what stays open, what is 423, what is MODULE_DISABLED."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.http.route import SESSION, SIGNED_IN
from threatweaver.license.current import CurrentLicense
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver_licensing import trial_claims


def expired(days, **changes):
    now = datetime.now(UTC)
    made = trial_claims(now=now - timedelta(days=60), days=50)
    return replace(made, expires_at=now - timedelta(days=days), **changes)


def licensed(name, claims):
    async def fixture(kernel, routes):
        under = replace(kernel, license=CurrentLicense(claims))
        async with TestClient(TestServer(application.build(under)), cookie_jar=DummyCookieJar()) as opened:
            yield DocumentedApi(opened, routes)

    return pytest_asyncio.fixture(scope="module", loop_scope="session", name=name)(fixture)


grace = licensed("grace", expired(3))
locked = licensed("locked", expired(8))
foreign = licensed("foreign", expired(-30, modules=frozenset({"another_module"})))


async def test_the_kernel_answers_in_every_state_and_a_module_does_not(routes):
    assert [route.path for route in routes if route.always != (route.module_id is None)] == []


async def test_locked_stops_every_other_route_before_it_asks_who_calls(locked, routes, admin, nowhere):
    wrong = []
    for route in routes:
        for headers in ({}, admin):
            if route.always:
                continue
            answer = await locked.send(nowhere(route, headers=headers))
            expected = {"error": "LICENSE_LOCKED", "state": "LOCKED", "canRecover": True}
            shown = {name: answer.body.get(name) for name in expected}
            if (answer.status, shown) != (423, expected) or not answer.body.get("recoveryUrl"):
                wrong.append(str(answer))
    assert wrong == []


async def test_locked_leaves_the_way_back_open(locked, routes, admin, nowhere):
    kept = [route for route in routes if route.always and not ends_a_session(route)]
    answers = [await locked.send(nowhere(route, headers=admin)) for route in kept]
    assert [str(item) for item in answers if item.status in (423, 403)] == []
    states = [item.body["state"] for item in answers if item.route.path == "/license/status"]
    assert states == ["LOCKED"]


def ends_a_session(route):
    return route.permission in (SIGNED_IN, SESSION) and route.writes


async def test_grace_lets_reads_pass_and_stops_writes(grace, routes, admin, nowhere):
    wrong = []
    for route in routes:
        if route.always:
            continue
        answer = await grace.send(nowhere(route, headers=admin))
        good = answer.status in (200, 404)
        if route.writes:
            good = (answer.status, answer.code, answer.body["state"]) == (
                423,
                "LICENSE_GRACE",
                "GRACE",
            )
        if not good:
            wrong.append(str(answer))
    assert wrong == []


async def test_a_module_that_the_license_does_not_name_is_disabled(foreign, routes, admin, viewer, nowhere):
    owned = [route for route in routes if route.module_id]
    assert len(owned) > 20
    wrong = []
    for route in owned:
        stranger = await foreign.send(nowhere(route))
        if stranger.status != 401:
            wrong.append(str(stranger))
        for headers in (admin, viewer):
            answer = await foreign.send(nowhere(route, headers=headers))
            shown = (answer.status, answer.code, answer.body.get("moduleId"))
            if shown != (403, "MODULE_DISABLED", route.module_id):
                wrong.append(str(answer))
    assert wrong == []


async def test_the_kernels_own_routes_do_not_mind(foreign, routes, admin, nowhere):
    answers = [
        await foreign.send(nowhere(route, headers=admin))
        for route in routes
        if not route.module_id and not route.writes
    ]
    assert [str(item) for item in answers if item.status not in (200, 400, 404)] == []
