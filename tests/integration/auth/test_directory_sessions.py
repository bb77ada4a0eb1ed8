"""A tenant's directory vouches for people in that tenant only: it shows and ends no session elsewhere."""

import pytest_asyncio

from threatweaver.auth import service
from threatweaver.auth.models import Membership
from threatweaver.auth.queries import memberships_of
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant, new_tenant):
    """Somebody with a place in `tenant` and another one."""
    other = await new_tenant(kernel)
    user = await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="viewer",
        tenant_id=tenant.id,
    )
    async with kernel.database.control():
        await Membership.create(user_id=user.id, tenant_id=other.id, role="admin")
    return user, other


@pytest_asyncio.fixture(loop_scope="session", params=["saml", "oidc", "ldap"])
async def vouched(kernel, tenant, person, request):
    """Headers of a session that the directory of `tenant` opened."""
    async with kernel.database.control(read_only=True):
        places = await memberships_of(person[0].id)
    place = next(place for place in places if place.tenant_id == tenant.id)
    signed = await service.open_session(
        kernel.signer(), place, user_agent="", address="192.0.2.1", method=request.param, mfa=False
    )
    return {"Authorization": f"Bearer {signed.access_token}"}


async def call(client, method, path, headers, **options):
    client.session.cookie_jar.clear()
    async with client.request(method, f"/api/auth{path}", headers=headers, **options) as answer:
        client.session.cookie_jar.clear()
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def test_it_neither_sees_nor_ends_sessions_elsewhere(client, kernel, person, vouched):
    async with kernel.database.control(read_only=True):
        places = await memberships_of(person[0].id)
    place = next(place for place in places if place.tenant_id == person[1].id)
    elsewhere = await service.open_session(
        kernel.signer(), place, user_agent="", address="192.0.2.1", method="password", mfa=False
    )
    headers = {"Authorization": f"Bearer {elsewhere.access_token}"}
    _, listed = await call(client, "GET", "/me/sessions", headers)
    (other,) = [item for item in listed["data"] if item["current"]]
    assert len(listed["data"]) >= 2
    _, seen = await call(client, "GET", "/me/sessions", vouched)
    assert other["id"] not in [item["id"] for item in seen["data"]]
    assert (await call(client, "DELETE", f"/me/sessions/{other['id']}", vouched))[0] == 404
    assert (await call(client, "POST", "/me/sessions/revoke-others", vouched))[0] == 200
    assert (await call(client, "GET", "/me", headers))[0] == 200
