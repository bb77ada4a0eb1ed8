"""Every route of every plugin: strangers are 401, callers without the permission 403, by the declaration."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.auth.identify import Identifier
from threatweaver.auth.roles import Role
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance.choices import is_guarded
from threatweaver.testing.conformance.fixtures import Nowhere, Routes
from threatweaver.testing.contract.answers import Answer, Call
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person
from threatweaver.testing.identities import Headers
from threatweaver.testing.plugin import AsRole

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_anonymous_callers_are_refused_unless_the_route_is_public(
    api: DocumentedApi, routes: Routes, nowhere: Nowhere
) -> None:
    answers = [await api.send(nowhere(route)) for route in filter(is_guarded, routes)]
    assert [str(item) for item in answers if (item.status, item.code) != (401, "NO_TOKEN")] == []


async def test_a_role_that_nobody_declared_holds_nothing(
    api: DocumentedApi, permitted: Routes, as_role: AsRole, tenant: Tenant, nowhere: Nowhere
) -> None:
    nobody = await as_role("night_watch", tenant)
    answers = [await api.send(nowhere(route, headers=nobody)) for route in permitted]
    assert [str(item) for item in answers if not forbidden(item)] == []


def forbidden(answer: Answer) -> bool:
    """Say whether the answer is 403 and names the permission of its route."""
    expected = (403, "FORBIDDEN", str(answer.route.permission))
    return answer.status == 403 and (answer.status, answer.code, answer.body.get("permission")) == expected


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def all_but_one(kernel: Kernel, api: DocumentedApi) -> AsyncIterator[DocumentedApi]:
    """The application with a role for each permission, which holds every other one."""
    every = {str(item.name) for item in kernel.registry.permissions}
    grants = {f"all_but {name}": frozenset(every - {name}) for name in every}
    identifier = Identifier(kernel.database, kernel.keys.access_token, grants)
    under = replace(kernel, identifier=identifier)
    async with TestClient(TestServer(application.build(under)), cookie_jar=DummyCookieJar()) as opened:
        yield api.on(opened)


@pytest_asyncio.fixture(loop_scope="session")
async def nearly(kernel: Kernel, as_role: AsRole, tenant: Tenant) -> dict[str, Headers]:
    """Headers of somebody who holds every permission but that one."""
    names = [str(item.name) for item in kernel.registry.permissions]
    return {name: await as_role(f"all_but {name}", tenant) for name in names}


async def test_every_permission_but_the_right_one_is_not_enough(
    all_but_one: DocumentedApi,
    permitted: Routes,
    callable_routes: Routes,
    person: Person,
    nearly: dict[str, Headers],
    nowhere: Nowhere,
) -> None:
    wrong = []
    for route in permitted:
        call = await person.prepare(route) if route in callable_routes else nowhere(route)
        answer = await all_but_one.send(call.by(nearly[str(route.permission)]))
        if not forbidden(answer):
            wrong.append(str(answer))
    assert wrong == []


async def test_a_role_passes_where_it_holds_the_permission_and_nowhere_else(
    api: DocumentedApi, permitted: Routes, as_role: AsRole, tenant: Tenant, nowhere: Nowhere
) -> None:
    about_me = api.find("GET /auth/me")
    assert about_me is not None
    wrong = []
    for role in Role:
        headers = await as_role(role.value, tenant)
        me = await api.send(Call(route=about_me, path="/auth/me", headers=headers))
        answers = [await api.send(nowhere(route, headers=headers)) for route in permitted]
        held = set(me.body["permissions"])
        wrong += [str(item) for item in answers if forbidden(item) == (str(item.route.permission) in held)]
    assert wrong == []


async def test_the_gates_come_before_the_input(
    api: DocumentedApi, permitted: Routes, as_role: AsRole, tenant: Tenant, nowhere: Nowhere
) -> None:
    nobody = await as_role("night_watch", tenant)
    calls = [nowhere(route, text="%00", headers=nobody, data=b"{broken") for route in permitted]
    answers = [await api.send(replace(call, path=f"{call.path}?x=1&x=2")) for call in calls]
    assert [str(item) for item in answers if not forbidden(item)] == []
