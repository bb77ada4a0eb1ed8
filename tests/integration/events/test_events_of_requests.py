"""The kernel's own facts, published by requests; and a request that is sent twice publishes once."""

import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from published_things import ThingDone, heard

from threatweaver import app as application
from threatweaver.events.kernel import TenantResumed, UserDeactivated, UserReactivated
from threatweaver.events.service import publish
from threatweaver.http.mount import endpoint
from threatweaver.http.route import SIGNED_IN, RouteTable, bare
from threatweaver.http.schema import Schema
from threatweaver.ids import uuid7
from threatweaver.testing.identities import headers_for

table = RouteTable(path="/published", tag="Test")


class Nothing(Schema):
    """An empty body."""


@table.route("POST", permission=SIGNED_IN, returns=bare(Nothing))
async def publish_thing(ctx):
    """Publish a thing."""
    await publish(ThingDone(ctx.request.headers["X-Thing"]))
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(listening, working):
    app = application.build(listening)
    (route,) = table.routes
    app.router.add_post("/api/published", endpoint(route, None))
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def operator(listening, new_tenant):
    tenant = await new_tenant(listening)
    return await headers_for(listening, role="operator", tenant=tenant)


async def admin_of(listening, tenant):
    return await headers_for(listening, role="admin", tenant=tenant)


async def test_a_repeated_request_publishes_once(browser, listening, home_tenant, jobs_of):
    admin, name = await admin_of(listening, home_tenant), uuid7().hex
    headers = {**admin, "X-Thing": name, "Idempotency-Key": uuid7().hex}
    for _ in range(2):
        async with browser.post("/api/published", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
    assert len(await jobs_of(home_tenant)) == 2  # one for each subscriber
    assert heard[name] == [ThingDone(name)]


async def test_users_that_come_and_go(browser, listening, home_tenant, jobs_of):
    admin = await admin_of(listening, home_tenant)
    user = {"email": f"{uuid7().hex}@example.com", "name": "Ada", "role": "viewer"}
    async with browser.post("/api/admin/users", json=user, headers=admin) as answer:
        user_id = (await answer.json())["data"]["id"]
    path = f"/api/admin/users/{user_id}"
    for method, tail in (("DELETE", ""), ("DELETE", ""), ("POST", "/reactivate"), ("POST", "/reactivate")):
        async with browser.request(method, path + tail, headers=admin) as answer:
            assert answer.status in {200, 204}, await answer.text()
    await jobs_of(home_tenant)
    assert by_name(*map(type, heard.pop(home_tenant.id))) == by_name(UserDeactivated, UserReactivated)


async def test_users_of_a_directory_that_come_and_go(browser, listening, home_tenant, jobs_of):
    admin = await admin_of(listening, home_tenant)
    token = {"name": "directory", "scopes": ["kernel:scim:write"]}
    async with browser.post("/api/tokens", json=token, headers=admin) as answer:
        scim = {"Authorization": f"Bearer {(await answer.json())['data']['secret']}"}
    person = {"userName": f"{uuid7().hex}@example.com", "active": True}
    async with browser.post("/api/scim/v2/Users", json=person, headers=scim) as answer:
        user_id = (await answer.json())["id"]
    for active in (False, False, True):
        change = {"Operations": [{"op": "replace", "value": {"active": active}}]}
        async with browser.patch(f"/api/scim/v2/Users/{user_id}", json=change, headers=scim) as answer:
            assert answer.status == 200, await answer.text()
    await jobs_of(home_tenant)
    found = heard.pop(home_tenant.id)
    assert sorted(str(event.user_id) for event in found) == [user_id] * 2
    assert by_name(*map(type, found)) == by_name(UserDeactivated, UserReactivated)


async def test_what_is_published_for_a_suspended_tenant_waits(
    browser, listening, operator, home_tenant, jobs_of, as_home
):
    path, name = f"/api/tenants/{home_tenant.id}", uuid7().hex
    async with browser.post(f"{path}/suspend", json={"reason": "because"}, headers=operator) as answer:
        assert answer.status == 200, await answer.text()
    async with as_home():
        await publish(ThingDone(name))
    assert {job.finished_at for job in await jobs_of(home_tenant, final=False)} == {None}
    for _ in range(2):
        async with browser.post(f"{path}/resume", headers=operator) as answer:
            assert answer.status == 200, await answer.text()
    await jobs_of(home_tenant)
    assert (heard[name], heard.pop(home_tenant.id)) == ([ThingDone(name)], [TenantResumed(home_tenant.id)])


def by_name(*kinds):
    return sorted(kinds, key=lambda kind: kind.__name__)
