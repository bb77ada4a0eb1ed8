"""Entity tags: 304 for who has it already, 412 for who would overwrite what they have not seen."""

import asyncio

import pytest

from threatweaver.http import etags
from threatweaver.ids import uuid7


@pytest.fixture
def tag(client, admin):
    """A function: makes a tag and returns its path."""

    async def made():
        body = {"name": uuid7().hex}
        answer = await client.post("/api/asset-groups", json=body, headers=admin)
        return f"/api/asset-groups/{(await answer.json())['data']['id']}"

    return made


async def etag(client, path, headers):
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200
        return answer.headers["ETag"]


async def test_a_read_has_a_strong_tag_that_changes_with_the_resource_alone(client, admin, tag):
    path, other = await tag(), await tag()
    first = await etag(client, path, admin)
    assert first.startswith('"')
    assert first == await etag(client, path, admin)
    assert first != await etag(client, other, admin)
    assert (await client.put(path, json={"description": "new"}, headers=admin)).status == 200
    assert first != await etag(client, path, admin)


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*", 'W/"a",{} , "b"'])
async def test_who_has_it_gets_304_without_a_body(client, admin, tag, known):
    path = await tag()
    current = await etag(client, path, admin)
    headers = {**admin, "If-None-Match": known.format(current)}
    async with client.get(path, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
        assert answer.headers["ETag"] == current
        assert "X-Request-Id" in answer.headers


@pytest.mark.parametrize("known", ['"other"', "", "junk", '"', "{unquoted}", '"a" "b'])
async def test_who_has_something_else_gets_it_whole(client, admin, tag, known):
    path = await tag()
    current = (await etag(client, path, admin)).strip('"')
    headers = {**admin, "If-None-Match": known.replace("{unquoted}", current)}
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200
        assert (await answer.json())["data"]


async def test_lists_have_tags_too(client, admin, tag):
    path = "/api/asset-groups?limit=500"
    before = await etag(client, path, admin)
    async with client.get(path, headers={**admin, "If-None-Match": before}) as answer:
        assert answer.status == 304
    await tag()
    async with client.get(path, headers={**admin, "If-None-Match": before}) as answer:
        assert answer.status == 200


async def test_errors_have_no_tag(client, admin):
    async with client.get(f"/api/asset-groups/{uuid7()}", headers={**admin, "If-None-Match": "*"}) as answer:
        assert (answer.status, "ETag" in answer.headers) == (404, False)


async def test_a_write_with_the_tag_of_now_is_done(client, admin, tag):
    path = await tag()
    headers = {**admin, "If-Match": await etag(client, path, admin)}
    assert (await client.put(path, json={"description": "a"}, headers=headers)).status == 200
    headers["If-Match"] = "*"
    assert (await client.put(path, json={"description": "b"}, headers=headers)).status == 200
    headers["If-Match"] = '"old", ' + await etag(client, path, admin)
    assert (await client.delete(path, headers=headers)).status == 204


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("wanted", ["stale", '"other"', "W/{}", "", "junk"])
async def test_a_write_with_another_tag_changes_nothing(client, admin, tag, method, wanted):
    path = await tag()
    stale = await etag(client, path, admin)
    await client.put(path, json={"description": "by somebody else"}, headers=admin)
    current = await etag(client, path, admin)
    headers = {**admin, "If-Match": wanted.replace("stale", stale).format(current)}
    body = {"json": {"description": "mine"}} if method == "put" else {}
    async with getattr(client, method)(path, headers=headers, **body) as answer:
        said = await answer.json()
    assert (answer.status, said["code"], said["status"]) == (412, "PRECONDITION_FAILED", 412)
    assert await etag(client, path, admin) == current


async def test_of_many_that_saw_the_same_one_may_write(client, admin, tag):
    path = await tag()
    headers = {**admin, "If-Match": await etag(client, path, admin)}

    async def put(number):
        async with client.put(path, json={"description": str(number)}, headers=headers) as answer:
            return answer.status

    assert sorted(await asyncio.gather(*(put(n) for n in range(8)))) == [200] + [412] * 7


async def test_a_control_resource_is_guarded_as_well(client, admin):
    path = "/api/admin/rate-limits/config"
    current = await etag(client, path, admin)
    body = {"generalLimit": 100, "overrides": []}
    async with client.put(path, json=body, headers={**admin, "If-Match": '"x"'}) as answer:
        assert answer.status == 412
    async with client.put(path, json=body, headers={**admin, "If-Match": current}) as answer:
        assert answer.status == 200


async def test_what_cannot_be_read_meets_no_condition(client, admin):
    headers = {**admin, "If-Match": "*"}
    assert (await client.delete("/api/admin/rate-limits/192.0.2.1", headers=headers)).status == 412


async def test_an_unknown_id_stays_unknown(client, admin):
    headers = {**admin, "If-Match": '"x"'}
    answer = await client.put(f"/api/asset-groups/{uuid7()}", json={"description": "a"}, headers=headers)
    assert answer.status == 404


async def test_every_json_read_is_documented_and_tagged(client, routes_of, admin):
    document = await (await client.get("/api-docs/swagger.json")).json()
    for route in routes_of:
        operation = document["paths"][f"/api{route.path}"][route.method.lower()]
        names = {item["name"] for item in operation["parameters"]}
        assert ("If-None-Match" in names) == ("304" in operation["responses"]) == etags.tagged(route)
        if "If-Match" in names:
            assert "412" in operation["responses"]
            assert route.method in {"PUT", "PATCH", "DELETE"}
        if etags.tagged(route) and not route.params:
            async with client.get(f"/api{route.path}", headers=admin) as answer:
                assert answer.status != 200 or answer.headers["ETag"]


async def test_head_is_a_get_without_its_body(client, admin, tag):
    path = await tag()
    async with client.get(path, headers=admin) as answer:
        length, current = answer.headers["Content-Length"], answer.headers["ETag"]
    async with client.head(path, headers=admin) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert (answer.headers["Content-Length"], answer.headers["ETag"]) == (length, current)
    assert (await client.head(path)).status == 401
    assert (await client.head(f"/api/asset-groups/{uuid7()}", headers=admin)).status == 404


async def test_writes_that_read_elsewhere_do_not_wait_for_a_second_connection(client, admin):
    async def made():
        body = {"name": f"r{uuid7().hex}", "title": "Passing", "permissions": []}
        async with client.post("/api/admin/roles", json=body, headers=admin) as answer:
            return f"/api/admin/roles/{(await answer.json())['data']['id']}"

    async def removed(path):
        async with client.delete(path, headers={**admin, "If-Match": "*"}) as answer:
            return answer.status

    paths = [await made() for _ in range(16)]  # twice as many as the pool has connections
    async with asyncio.timeout(8):  # a connection that is not there is waited for ten seconds
        assert set(await asyncio.gather(*map(removed, paths))) == {204}


async def test_operators_write_under_a_condition_in_one_connection_each(client, as_role, tenant):
    operator, path = await as_role("operator", tenant), f"/api/tenants/{tenant.id}"
    headers = {**operator, "If-Match": "*"}

    async def changed(name):
        async with client.put(path, json={"name": name}, headers=headers) as answer:
            return answer.status

    async with asyncio.timeout(8):
        assert set(await asyncio.gather(*(changed(f"Name {n}") for n in range(16)))) == {200}
