"""Every route in every license state: what stays open, what is 423, what is MODULE_DISABLED."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from threatweaver.http.route import SESSION, SIGNED_IN, Route
from threatweaver.testing.conformance.choices import is_owned
from threatweaver.testing.conformance.fixtures import Nowhere, Routes
from threatweaver.testing.contract.answers import Call
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.identities import Headers
from threatweaver.testing.plugin import UnderLicense

pytestmark = pytest.mark.asyncio(loop_scope="session")


def opened(name: str, **license_of: Any) -> Any:
    """Return a fixture of this name: the application under such a license."""

    async def fixture(api: DocumentedApi, under_license: UnderLicense) -> AsyncIterator[DocumentedApi]:
        async with under_license(**license_of) as client:
            yield api.on(client)

    return pytest_asyncio.fixture(scope="module", loop_scope="session", name=name)(fixture)


grace = opened("grace", days=-3)
locked = opened("locked", days=-8)
foreign = opened("foreign", modules={"another_module"})


async def test_the_kernel_answers_in_every_state_and_a_module_does_not(routes: Routes) -> None:
    assert [route.path for route in routes if route.always is is_owned(route)] == []


async def test_locked_stops_every_other_route_before_it_asks_who_calls(
    locked: DocumentedApi, routes: Routes, operator: Headers, nowhere: Nowhere
) -> None:
    wrong = []
    for route in filter(is_owned, routes):
        for headers in ({}, operator):
            answer = await locked.send(nowhere(route, headers=headers))
            expected = {"error": "LICENSE_LOCKED", "state": "LOCKED", "canRecover": True}
            shown = {name: answer.body.get(name) for name in expected}
            if (answer.status, shown) != (423, expected) or not answer.body.get("recoveryUrl"):
                wrong.append(str(answer))
    assert wrong == []


async def test_locked_leaves_the_way_back_open(
    locked: DocumentedApi, routes: Routes, operator: Headers, nowhere: Nowhere
) -> None:
    kept = [route for route in routes if route.always and not ends_a_session(route)]
    answers = [await locked.send(nowhere(route, headers=operator)) for route in kept]
    assert [str(item) for item in answers if item.status in {423, 403}] == []
    status = locked.find("GET /license/status")
    assert status is not None
    answer = await locked.send(Call(route=status, path=status.path, headers=operator))
    assert answer.body["state"] == "LOCKED"


def ends_a_session(route: Route) -> bool:
    """Say whether the caller may be signed out by the call."""
    return route.permission in {SIGNED_IN, SESSION} and route.writes


async def test_grace_lets_reads_pass_and_stops_writes(
    grace: DocumentedApi, routes: Routes, operator: Headers, nowhere: Nowhere
) -> None:
    wrong = []
    for route in filter(is_owned, routes):
        answer = await grace.send(nowhere(route, headers=operator))
        good = answer.status in {200, 404}
        if route.writes:
            shown = (answer.status, answer.code, answer.body["state"])
            good = shown == (423, "LICENSE_GRACE", "GRACE")
        if not good:
            wrong.append(str(answer))
    assert wrong == []


async def test_a_module_that_the_license_does_not_name_is_disabled(
    foreign: DocumentedApi, routes: Routes, operator: Headers, viewer: Headers, nowhere: Nowhere
) -> None:
    wrong = []
    for route in filter(is_owned, routes):
        unknown = await foreign.send(nowhere(route))
        if unknown.status != 401:
            wrong.append(str(unknown))
        for headers in (operator, viewer):
            answer = await foreign.send(nowhere(route, headers=headers))
            shown = (answer.status, answer.code, answer.body.get("moduleId"))
            if shown != (403, "MODULE_DISABLED", route.module_id):
                wrong.append(str(answer))
    assert wrong == []


async def test_the_kernels_own_routes_do_not_mind(
    foreign: DocumentedApi, routes: Routes, operator: Headers, nowhere: Nowhere
) -> None:
    reads = [route for route in routes if not is_owned(route) and not route.writes]
    answers = [await foreign.send(nowhere(route, headers=operator)) for route in reads]
    assert [str(item) for item in answers if item.status not in {200, 400, 404}] == []
