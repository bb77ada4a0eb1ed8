"""Every route with an id: an id that nothing has, and one of another tenant, are the same 404."""

import re
from dataclasses import replace

import pytest
import pytest_asyncio

from threatweaver.auth.permissions import PLATFORM
from threatweaver.http.route import Shape
from threatweaver.ids import uuid7
from threatweaver.tenancy import provision
from threatweaver.testing.contract import known

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="session")
def with_id(callable_routes):
    chosen = [r for r in callable_routes if any(type(kind).__name__ == "UUID" for kind in r.params.values())]
    assert len(chosen) > 15
    return chosen


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def newcomer(kernel, as_role):
    """Headers of the administrator of a tenant in which nobody has done anything yet."""
    name = f"new-{uuid7().hex[-12:]}"
    made = await provision.create(kernel.database, slug=name, name=name, apps=kernel.registry.apps)
    return await as_role("admin", made)


@pytest.fixture
def everything(kernel, tenant):
    """A function: a digest of every row of the tenant."""

    async def digest():
        async with kernel.database.owner(tenant.schema) as unit:
            held = unit.connection
            names = await held.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", tenant.schema
            )
            return {
                name: await held.fetchval(f'SELECT md5(string_agg(t::text, chr(10))) FROM "{name}" t')
                for (name,) in names
            }

    return digest


async def test_unknown_ids_are_404(api, with_id, person):
    answers = []
    for route in with_id:
        call = await person.prepare(route)
        answers.append(await api.send(replace(call, path=_UUID.sub(lambda _: str(uuid7()), call.path))))
    assert [str(item) for item in answers if (item.status, item.code) != (404, "NOT_FOUND")] == []


async def test_ids_of_another_tenant_are_404_and_their_rows_stay(api, with_id, person, stranger, everything):
    owned = [route for route in with_id if f"{route.method} {route.path}" not in known.SHARED]
    assert len(with_id) - len(owned) == len(known.SHARED)
    calls = [await person.prepare(route) for route in owned if route.permission not in PLATFORM]
    before = await everything()
    answers = [await api.send(call.by(stranger)) for call in calls]
    assert [str(item) for item in answers if (item.status, item.code) != (404, "NOT_FOUND")] == []
    assert await everything() == before


async def test_the_owner_gets_them(api, with_id, person):
    answers = [await api.send(await person.prepare(route)) for route in with_id if not route.writes]
    assert [str(item) for item in answers if item.status != item.route.status] == []


async def test_lists_of_another_tenant_hold_nothing_of_it(api, routes, newcomer, person):
    """What a list of a fresh tenant holds is that tenant's own: no id of it is in the other's list."""
    await person.fill()
    lists = [r for r in routes if r.returns.shape in (Shape.PAGE, Shape.ROWS) and not r.params]
    lists = [route for route in lists if route.permission not in PLATFORM]
    lists = [route for route in lists if f"GET {route.path}/{{id}}" not in known.SHARED]
    wrong = []
    for route in lists:
        own = await api.send(await person.prepare(route))
        theirs = await api.send((await person.prepare(route)).by(newcomer))
        shared = ids(own) & ids(theirs)
        if theirs.status != 200 or shared:
            wrong.append(f"{theirs}: {shared}")
    assert wrong == []


def ids(answer):
    """Return every UUID in a list's rows."""
    return set(_UUID.findall(str(answer.body["data"]))) if answer.status == 200 else set()


async def test_a_group_takes_no_assets_of_another_tenant(person, stranger, client):
    asset = await person.some("/assets")
    own = await (await client.post("/api/asset-groups", json={"name": "own"}, headers=stranger)).json()
    path = f"/api/asset-groups/{own['data']['id']}/members"
    async with client.post(path, json={"assetIds": [asset]}, headers=stranger) as answer:
        assert answer.status == 422
