"""Every route of every plugin: strangers are 401, callers without the permission 403, by the declaration."""

from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from reviewed import compare

from threatweaver import app as application
from threatweaver.auth.identify import Identifier
from threatweaver.auth.roles import Role
from threatweaver.http.route import PUBLIC, Access
from threatweaver.testing.contract.answers import Call
from threatweaver.testing.contract.document import DocumentedApi


@pytest.fixture(scope="session")
def permitted(guarded):
    """Every route that asks for a permission."""
    return [route for route in guarded if not isinstance(route.permission, Access)]


async def test_anonymous_callers_are_refused_unless_the_route_is_public(api, guarded, nowhere):
    answers = [await api.send(nowhere(route)) for route in guarded]
    assert len(answers) > 30
    assert [str(item) for item in answers if (item.status, item.code) != (401, "NO_TOKEN")] == []


def test_public_routes_are_reviewed(routes):
    lines = [f"{route.method} /api{route.path}\n" for route in routes if route.permission is PUBLIC]
    compare("public_routes.txt", "".join(sorted(lines)))


async def test_a_role_that_nobody_declared_holds_nothing(api, permitted, as_role, tenant, nowhere):
    nobody = await as_role("night_watch", tenant)
    answers = [await api.send(nowhere(route, headers=nobody)) for route in permitted]
    assert [str(item) for item in answers if not forbidden(item)] == []


def forbidden(answer):
    if answer.status != 403:
        return False
    expected = ("FORBIDDEN", str(answer.route.permission))
    return (answer.code, answer.body.get("permission")) == expected


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def all_but_one(kernel, routes):
    """The application with a role for each permission, which holds every other one."""
    every = {str(item.name) for item in kernel.registry.permissions}
    grants = {f"all_but {name}": frozenset(every - {name}) for name in every}
    identifier = Identifier(kernel.database, kernel.keys.access_token, grants)
    under = replace(kernel, identifier=identifier)
    async with TestClient(TestServer(application.build(under)), cookie_jar=DummyCookieJar()) as opened:
        yield DocumentedApi(opened, routes)


async def test_every_permission_but_the_right_one_is_not_enough(
    all_but_one, permitted, person, as_role, tenant
):
    headers = {
        name: await as_role(f"all_but {name}", tenant) for name in {str(r.permission) for r in permitted}
    }
    wrong = []
    for route in permitted:
        call = await person.prepare(route)
        answer = await all_but_one.send(call.by(headers[str(route.permission)]))
        if not forbidden(answer):
            wrong.append(str(answer))
    assert wrong == []


async def test_a_role_passes_where_it_holds_the_permission_and_nowhere_else(
    api, permitted, as_role, tenant, nowhere
):
    wrong = []
    for role in Role:
        headers = await as_role(role.value, tenant)
        me = await api.send(Call(route=api.find("GET /auth/me"), path="/auth/me", headers=headers))
        answers = [await api.send(nowhere(route, headers=headers)) for route in permitted]
        held = set(me.body["permissions"])
        wrong += [str(item) for item in answers if forbidden(item) == (str(item.route.permission) in held)]
    assert wrong == []


async def test_the_gates_come_before_the_input(api, permitted, as_role, tenant, nowhere):
    nobody = await as_role("night_watch", tenant)
    calls = [nowhere(route, text="%00", headers=nobody, data=b"{broken") for route in permitted]
    answers = [await api.send(replace(call, path=f"{call.path}?x=1&x=2")) for call in calls]
    assert [str(item) for item in answers if not forbidden(item)] == []


async def test_every_summary_is_a_sentence(routes):
    wrong = [
        f"{route.method} {route.path}: {route.summary}"
        for route in routes
        if not route.summary[:1].isupper() or not route.summary.endswith(".") or len(route.summary) > 120
    ]
    assert wrong == []


async def test_every_permission_is_named_after_its_plugin_and_used(kernel, routes):
    used = {str(route.permission) for route in routes}
    declared = {str(item.name) for item in kernel.registry.permissions}
    assert declared - used == set()
    owners = {"kernel"} | {decision.manifest.name for decision in kernel.registry.decisions}
    assert {name.split(":")[0] for name in declared} <= owners
    assert {len(name.split(":")) for name in declared} == {3}
