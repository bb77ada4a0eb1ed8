"""Every route with an id: an id that nothing has, and one of another tenant, are the same 404."""

import pytest
import pytest_asyncio

from threatweaver.http.route import Shape
from threatweaver.ids import uuid7
from threatweaver.tenancy import provision

BODIES = {
    "TagUpdate": {"name": "taken over"},
    "AssetGroupUpdate": {"name": "taken over"},
    "AssetTagsIn": {"tags": ["taken over"]},
    "AcceptRiskIn": {"until": "2999-01-01T00:00:00Z", "reason": "long enough reason"},
}


@pytest.fixture
def with_id(routes):
    chosen = [r for r in routes if any(type(kind).__name__ == "UUID" for kind in r.params.values())]
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


def body_of(route, rows):
    if route.body is None:
        return {}
    if route.body.__name__ == "MembersIn":
        return {"json": {"assetIds": [str(rows.asset)]}}
    return {"json": BODIES[route.body.__name__]}


def own_id(route, rows):
    table = {
        "assets": rows.asset,
        "vulnerabilities": rows.vulnerability,
        "imports": rows.imported,
        "jobs": rows.job,
        "tags": rows.tag,
        "asset-groups": rows.group,
    }
    return dict.fromkeys(route.params, str(table[route.path.split("/")[1]]))


async def test_unknown_ids_are_404(api, with_id, admin, rows):
    answers = [await api.call(route, headers=admin, **body_of(route, rows)) for route in with_id]
    assert [str(item) for item in answers if (item.status, item.body["code"]) != (404, "NOT_FOUND")] == []


async def test_ids_of_another_tenant_are_404_and_their_rows_stay(
    api, with_id, stranger, rows, path_of, everything
):
    before = await everything()
    wrong = []
    for route in with_id:
        path = path_of(route, **own_id(route, rows))
        answer = await api.call(route, path, headers=stranger, **body_of(route, rows))
        if (answer.status, answer.body["code"]) != (404, "NOT_FOUND"):
            wrong.append(str(answer))
    assert wrong == []
    assert await everything() == before


async def test_the_owner_gets_them(api, with_id, admin, rows, path_of):
    reads = [route for route in with_id if route.method == "GET"]
    answers = [await api.call(r, path_of(r, **own_id(r, rows)), headers=admin) for r in reads]
    assert [str(item) for item in answers if item.status != 200] == []


async def test_lists_of_another_tenant_are_empty(api, routes, newcomer, rows):
    lists = [r for r in routes if r.returns.shape is Shape.PAGE and not r.params]
    answers = [await api.call(route, headers=newcomer) for route in lists]
    assert {item.status for item in answers} == {200}
    assert [str(item) for item in answers if item.body["data"] or item.body["meta"]["total"]] == []


async def test_a_group_takes_no_assets_of_another_tenant(api, routes, stranger, client, rows):
    own = await (await client.post("/api/asset-groups", json={"name": "own"}, headers=stranger)).json()
    path = f"/api/asset-groups/{own['data']['id']}/members"
    async with client.post(path, json={"assetIds": [str(rows.asset)]}, headers=stranger) as answer:
        assert answer.status == 422
