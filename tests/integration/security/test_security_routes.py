"""Sessions, lockouts, posture and the way out, as an administrator sees them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from threatweaver.auth.lockout import queries as lockout
from threatweaver.auth.lockout.service import _key
from threatweaver.auth.models import User
from threatweaver.ids import uuid7


@pytest.fixture
def call(client, admin):
    async def made(method, path, *, status=200, headers=admin):
        async with client.request(method, f"/api/security{path}", headers=headers) as response:
            assert response.status == status, await response.text()
            return await response.json() if status == 200 else None

    return made


async def me(client, headers):
    async with client.get("/api/auth/me", headers=headers) as response:
        return (await response.json()) if response.status == 200 else response.status


async def test_an_administrator_ends_a_session_and_it_is_over(client, call, as_role, tenant):
    victim = await as_role("viewer", tenant)
    person = await me(client, victim)
    (session,) = (await call("GET", f"/sessions?userId={person['id']}"))["data"]
    assert (session["email"], session["method"]) == (person["email"], "password")
    await call("DELETE", f"/sessions/{session['id']}", status=204)
    assert await me(client, victim) == 401
    await call("DELETE", f"/sessions/{session['id']}", status=404)
    assert (await call("GET", f"/sessions?userId={person['id']}"))["data"] == []
    (line,) = (await call("GET", f"/audit?target=session:{session['id']}"))["data"]
    assert line["after"] == {"userId": person["id"], "revoked": True}


async def test_sessions_of_another_tenant_are_neither_shown_nor_ended(client, call, stranger):
    other = await me(client, stranger)
    assert (await call("GET", f"/sessions?userId={other['id']}"))["data"] == []
    own = (await call("GET", "/sessions"))["data"][0]["id"]
    await call("DELETE", f"/sessions/{own}", status=404, headers=stranger)


async def test_a_lockout_shows_and_can_be_lifted(client, call, kernel, viewer):
    person = await me(client, viewer)
    key = _key(person["email"], "password", "stranger")
    for _ in range(lockout.FREE):
        async with kernel.database.control():
            assert await lockout.count(key)
    (found,) = (await call("GET", "/lockouts"))["data"]
    assert (found["userId"], found["failures"]) == (person["id"], lockout.FREE)
    await call("DELETE", f"/lockouts/{person['id']}", status=204)
    assert (await call("GET", "/lockouts"))["data"] == []
    await call("DELETE", f"/lockouts/{uuid7()}", status=404)


async def test_the_posture_counts_who_lacks_a_second_factor(client, call, kernel, admin):
    async def check(name):
        return next(item for item in (await call("GET", "/posture"))["data"] if item["name"] == name)

    before = await check("adminsWithMfa")
    assert not before["passed"]
    async with kernel.database.control():
        user = User.filter(id=UUID((await me(client, admin))["id"]))
        await user.update(mfa_enabled_at=datetime.now(UTC))
    assert (await check("adminsWithMfa"))["count"] == before["count"] - 1


async def test_the_way_out_is_shown(call):
    found = await call("GET", "/outbound")
    assert found == {"allow": [], "ports": [80, 443, 8080, 8443]}


async def test_the_ring_is_for_operators_alone(call):
    await call("GET", "/keys", status=403)
    await call("POST", "/keys/rotate", status=403)
