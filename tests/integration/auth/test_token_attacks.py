"""Attacks on access and refresh tokens and on sessions, each refused with its code."""

import asyncio
import base64
import hmac
import time
from dataclasses import replace

import jwt
import orjson
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.auth import service
from threatweaver.auth.models import Membership, Session, User
from threatweaver.db.transaction import Database
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant):
    return await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="manager",
        tenant_id=tenant.id,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def signed(client, person):
    """Access token and refresh token of a fresh session."""
    client.session.cookie_jar.clear()
    given = {"email": person.email, "password": PASSWORD}
    async with client.post("/api/auth/login", json=given) as answer:
        refresh = answer.cookies["refreshToken"].value
        client.session.cookie_jar.clear()
        return (await answer.json())["token"], refresh


async def me(client, token, **headers):
    client.session.cookie_jar.clear()
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    async with client.get("/api/auth/me", headers=headers) as answer:
        return answer.status, (await answer.json()).get("code")


async def act(client, method, path, token, **options):
    client.session.cookie_jar.clear()
    headers = {"Authorization": f"Bearer {token}"}
    async with client.request(method, f"/api/auth{path}", headers=headers, **options) as answer:
        client.session.cookie_jar.clear()
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


def encoded(part):
    return base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()


INVALID = (401, "INVALID_TOKEN")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
async def test_alg_none(client, signed, alg):
    _, claims, signature = signed[0].split(".")
    for end in ("", signature):
        assert await me(client, f"{encoded({'alg': alg, 'typ': 'JWT'})}.{claims}.{end}") == INVALID


async def test_key_confusion(client, signed):
    """The public key that everybody can get is no HMAC key, and other algorithms are not taken."""
    claims = jwt.decode(signed[0], options={"verify_signature": False})
    async with client.get("/api/auth/public-key") as answer:
        public = await answer.read()
    for key, alg in ((public, "HS256"), (b"", "HS256"), (public, "RS256"), (b"k" * 64, "HS512")):
        body = f"{encoded({'alg': alg, 'typ': 'JWT'})}.{encoded(claims)}"
        mac = hmac.digest(key, body.encode(), "sha512" if alg == "HS512" else "sha256")
        assert await me(client, f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}") == INVALID


async def test_an_expired_token(client, kernel, signed):
    claims = jwt.decode(signed[0], options={"verify_signature": False})
    old = jwt.encode({**claims, "exp": int(time.time()) - 1}, kernel.keys.access_token, algorithm="HS256")
    assert await me(client, old) == (401, "TOKEN_EXPIRED")


async def test_claims_of_another_tenant_or_person_on_a_session(client, kernel, signed, other_tenant):
    claims = jwt.decode(signed[0], options={"verify_signature": False})
    for change in ({"tenantId": str(other_tenant.id)}, {"userId": str(uuid7())}, {"sid": str(uuid7())}):
        forged = jwt.encode({**claims, **change}, kernel.keys.access_token, algorithm="HS256")
        assert await me(client, forged) == INVALID


async def test_a_role_in_the_token_is_not_believed(client, kernel, person, signed):
    claims = jwt.decode(signed[0], options={"verify_signature": False})
    forged = jwt.encode({**claims, "role": "admin"}, kernel.keys.access_token, algorithm="HS256")
    assert (await act(client, "GET", "/me", forged))[1]["role"] == "manager"


async def test_a_stolen_cookie_cannot_write_without_our_origin(client, signed):
    client.session.cookie_jar.clear()
    for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        headers = {"Cookie": f"token={signed[0]}", **origin}
        async with client.post("/api/auth/me/sessions/revoke-others", headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "FOREIGN_ORIGIN")


async def test_sessions_are_listed_and_ended_by_their_owner_alone(client, signed, person, stranger):
    given = {"email": person.email, "password": PASSWORD}
    async with client.post("/api/auth/login", json=given) as answer:
        second = (await answer.json())["token"]
    _, listed = await act(client, "GET", "/me/sessions", second)
    mine, other = listed["data"]
    assert (mine["current"], other["current"], mine["method"], mine["mfa"]) == (
        True,
        False,
        "password",
        False,
    )
    client.session.cookie_jar.clear()
    async with client.delete(f"/api/auth/me/sessions/{other['id']}", headers=stranger) as answer:
        assert answer.status == 404
    assert (await act(client, "DELETE", f"/me/sessions/{other['id']}", second))[0] == 204
    assert await me(client, signed[0]) == INVALID
    assert (await act(client, "DELETE", f"/me/sessions/{other['id']}", second))[0] == 404
    assert await act(client, "POST", "/me/sessions/revoke-others", second) == (200, {"revoked": 0})


async def test_an_idle_session_ends_and_a_used_one_lives_on(client, kernel, signed, person):
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE session SET last_seen_at = now() - interval '10 minutes',"
            " idle_expires_at = now() + interval '1 minute' WHERE user_id = $1",
            person.id,
        )
    kernel.identifier.forget()
    assert (await me(client, signed[0]))[0] == 200
    async with kernel.database.control() as unit:
        left = await unit.connection.fetchval(
            "SELECT idle_expires_at > now() + interval '1 hour' FROM session WHERE user_id = $1", person.id
        )
        await unit.connection.execute(
            "UPDATE session SET idle_expires_at = now() - interval '1 second' WHERE user_id = $1", person.id
        )
    assert left
    kernel.identifier.forget()
    assert await me(client, signed[0]) == INVALID


async def test_one_session_too_many_ends_the_oldest(client, kernel, tenant, admin, person):
    client.session.cookie_jar.clear()
    async with client.put("/api/admin/settings", json={"values": {"sessionMax": 2}}, headers=admin) as answer:
        assert answer.status == 200
    given = {"email": person.email, "password": PASSWORD}
    for _ in range(4):
        async with client.post("/api/auth/login", json=given) as answer:
            assert answer.status == 200
    async with kernel.database.control(read_only=True):
        live = await Session.filter(user_id=person.id, revoked_at=None).count()
    assert live == 2
    async with client.put(
        "/api/admin/settings", json={"values": {"sessionMax": 20}}, headers=admin
    ) as answer:
        assert answer.status == 200


async def test_a_tenant_that_asks_for_a_second_factor(client, admin, kernel, signed):
    client.session.cookie_jar.clear()
    on, off = ({"values": {"mfaRequired": value}} for value in (True, False))
    async with client.put("/api/admin/settings", json=on, headers=admin) as answer:
        assert answer.status == 200
    try:
        assert (await act(client, "GET", "/me/sessions", signed[0]))[1]["code"] == "MFA_SETUP_REQUIRED"
        assert (await act(client, "GET", "/mfa", signed[0]))[1]["required"] is True
        assert (await act(client, "POST", "/mfa/setup", signed[0], json={}))[0] == 200
    finally:
        async with kernel.database.control() as unit:  # the administrator is shut out as well
            await unit.connection.execute(
                "UPDATE session SET mfa = true"
                " WHERE tenant_id = (SELECT tenant_id FROM session WHERE id = $1)",
                jwt.decode(signed[0], options={"verify_signature": False})["sid"],
            )
        kernel.identifier.forget()
        async with client.put("/api/admin/settings", json=off, headers=admin) as answer:
            assert answer.status == 200


async def test_switching_tenant_kills_the_old_tokens(client, kernel, person, signed, new_tenant):
    other = await new_tenant(kernel)
    assert (await act(client, "POST", "/switch-tenant", signed[0], json={"tenantId": str(other.id)}))[
        0
    ] == 404
    async with kernel.database.control():
        await Membership.create(user_id=person.id, tenant_id=other.id, role="viewer")
    status, body = await act(client, "POST", "/switch-tenant", signed[0], json={"tenantId": str(other.id)})
    assert status == 200
    assert (await act(client, "GET", "/me", body["token"]))[1]["tenantSlug"] == other.slug
    assert await me(client, signed[0]) == INVALID
    given = {"email": person.email, "password": PASSWORD}
    async with client.post("/api/auth/login", json=given) as answer:
        again = await answer.json()
    assert (again["user"]["tenantSlug"], len(again["tenants"])) == (other.slug, 2)


@pytest_asyncio.fixture(loop_scope="session")
async def second_process(kernel, dsn, settings):
    """A client of another kernel on the same database, as another process has it."""
    database = Database(dsn, size=2)
    await database.open()
    other = replace(await application.compose(settings, database, kernel.license), license=kernel.license)
    async with TestClient(TestServer(application.build(other))) as opened:
        yield opened
    await database.close()


async def until_refused(client, path, token, within):
    """Return the first answer that is not 200; fails when there is none in time."""
    async with asyncio.timeout(within):
        while True:
            async with client.get(path, headers={"Authorization": f"Bearer {token}"}) as answer:
                if answer.status != 200:
                    return answer.status
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("what", ["session", "user", "membership", "role"])
async def test_a_revocation_reaches_the_other_process_within_five_seconds(
    client, kernel, person, signed, second_process, what
):
    path = "/api/admin/settings" if what == "role" else "/api/auth/me"
    token = signed[0]
    if what == "role":
        async with kernel.database.control():
            await Membership.filter(user_id=person.id).update(role="admin")
        kernel.identifier.forget()
    async with second_process.get(path, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 200
    if what == "session":
        assert (await act(client, "POST", "/logout", token))[0] == 204
    async with kernel.database.control():
        if what == "user":
            await User.filter(id=person.id).update(is_active=False)
        if what == "membership":
            await Membership.filter(user_id=person.id).update(deactivated_at=person.created_at)
        if what == "role":
            await Membership.filter(user_id=person.id).update(role="viewer")
    assert await until_refused(second_process, path, token, 5) == (403 if what == "role" else 401)
