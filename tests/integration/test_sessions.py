"""Signing in, refreshing, signing out, and what ends a session."""

import asyncio
import time

import jwt
import pytest
import pytest_asyncio

from threatweaver.auth import service
from threatweaver.auth.models import Membership, Session, User
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant, client):
    """A user who may sign in; the client forgets its cookies before and after."""
    client.session.cookie_jar.clear()
    email = f"{uuid7().hex}@example.com"
    yield await service.create_user(
        kernel.database, email=email, password=PASSWORD, role="analyst", tenant_id=tenant.id
    )
    client.session.cookie_jar.clear()


async def sign_in(client, person):
    async with client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD}) as answer:
        assert answer.status == 200
        cookies = {name: morsel.value for name, morsel in answer.cookies.items()}
        client.session.cookie_jar.clear()
        return (await answer.json())["token"], cookies["refreshToken"]


async def refresh(client, token, agent=None):
    client.session.cookie_jar.clear()
    headers = {"Cookie": f"refreshToken={token}", **({"User-Agent": agent} if agent else {})}
    async with client.post("/api/auth/refresh", headers=headers) as answer:
        morsel = answer.cookies.get("refreshToken")
        client.session.cookie_jar.clear()
        return answer.status, await answer.json(), morsel and morsel.value


async def me(client, token):
    async with client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}) as answer:
        return answer.status, (await answer.json()).get("code")


@pytest.mark.parametrize(
    "change",
    [
        {"password": "wrong horse battery"},
        {"password": PASSWORD + " "},
        {"password": PASSWORD.upper()},
        {"email": "nobody@example.com"},
    ],
    ids=str,
)
async def test_every_wrong_sign_in_has_the_same_answer(client, person, change):
    given = {"email": person.email, "password": PASSWORD} | change
    async with client.post("/api/auth/login", json=given) as answer:
        body = await answer.json()
        assert (answer.status, body["code"]) == (401, "INVALID_CREDENTIALS")
        assert not answer.cookies
    assert body["message"] == "The e-mail address or the password is wrong."


async def test_an_unknown_account_costs_as_much_as_a_wrong_password(client, person):
    async def cost(email):
        spent = []
        for _ in range(5):
            started = time.perf_counter()
            async with client.post("/api/auth/login", json={"email": email, "password": "wrong"}) as answer:
                assert answer.status == 401
            spent.append(time.perf_counter() - started)
        return min(spent)

    known, unknown = await cost(person.email), await cost("nobody@example.com")
    assert 0.4 < known / unknown < 2.5


async def test_a_deactivated_user_cannot_sign_in_and_their_token_dies(client, person, kernel):
    token, refreshing = await sign_in(client, person)
    assert (await me(client, token))[0] == 200
    async with kernel.database.control():
        await User.filter(id=person.id).update(is_active=False)
    kernel.identifier.forget()  # what three seconds do
    assert await me(client, token) == (401, "INVALID_TOKEN")
    assert (await refresh(client, refreshing))[0] == 401
    async with client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD}) as answer:
        assert answer.status == 401


async def test_leaving_the_tenant_ends_the_session(client, person, kernel):
    token, refreshing = await sign_in(client, person)
    async with kernel.database.control():
        await Membership.filter(user_id=person.id).delete()
    kernel.identifier.forget()
    assert await me(client, token) == (401, "INVALID_TOKEN")
    assert (await refresh(client, refreshing))[0] == 401


async def test_a_change_of_role_is_seen(client, person, kernel):
    token, _ = await sign_in(client, person)
    async with kernel.database.control():
        await Membership.filter(user_id=person.id).update(role="viewer")
    kernel.identifier.forget()
    headers = {"Authorization": f"Bearer {token}"}
    async with client.get("/api/auth/me", headers=headers) as answer:
        assert (await answer.json())["role"] == "viewer"
    async with client.post("/api/tags", json={"name": "x"}, headers=headers) as answer:
        assert answer.status == 403


async def test_what_was_looked_up_is_remembered_for_three_seconds_at_most(client, person, kernel):
    token, _ = await sign_in(client, person)
    await me(client, token)
    ((until, _),) = [entry for key, entry in kernel.identifier._remembered._known.items() if key[0] == token]
    assert 0 < until - time.monotonic() <= 3


async def test_refreshing_rotates_the_token(client, person):
    token, first = await sign_in(client, person)
    status, body, second = await refresh(client, first)
    assert (status, second != first) == (200, True)
    assert (await me(client, body["token"]))[0] == 200
    assert (await me(client, token))[0] == 200
    status, _, third = await refresh(client, second)
    assert (status, len({first, second, third})) == (200, 3)


async def test_the_replay_of_a_used_token_revokes_the_session(client, person, kernel):
    _, first = await sign_in(client, person)
    _, body, second = await refresh(client, first)
    status, refused, _ = await refresh(client, first)
    assert (status, refused["code"]) == (401, "INVALID_REFRESH_TOKEN")
    assert (await refresh(client, second))[0] == 401
    kernel.identifier.forget()
    assert await me(client, body["token"]) == (401, "INVALID_TOKEN")
    async with kernel.database.control(read_only=True):
        assert (await Session.get(user_id=person.id)).revoked_at is not None


async def test_the_replay_of_any_older_token_revokes_the_session(client, person):
    _, first = await sign_in(client, person)
    newest = first
    for _ in range(4):
        _, _, newest = await refresh(client, newest)
    assert (await refresh(client, first))[0] == 401
    assert (await refresh(client, newest))[0] == 401


@pytest.fixture
def refresh_at_once(client, kernel, person):
    """A function: the answers of two requests that came before either was answered."""

    async def both(token, *agents):
        async with kernel.database.control() as unit:
            await unit.connection.execute("SELECT FROM session WHERE user_id = $1 FOR UPDATE", person.id)
            asking = [asyncio.create_task(refresh(client, token, agent)) for agent in agents]
            async with asyncio.timeout(10):
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                while await unit.connection.fetchval(waiting) < len(agents):  # noqa: ASYNC110 - as below
                    await asyncio.sleep(0.01)
        return await asyncio.gather(*asking)

    return both


async def test_two_tabs_that_refresh_at_once_get_the_same_token(client, person, refresh_at_once):
    _, first = await sign_in(client, person)
    answers = await refresh_at_once(first, None, None)
    assert [status for status, _, _ in answers] == [200, 200]
    ((_, body, second), (_, other, also)) = answers
    assert second == also != first
    for token in (body["token"], other["token"]):
        assert (await me(client, token))[0] == 200
    status, _, third = await refresh(client, second)
    assert (status, third != second) == (200, True)


async def test_what_two_tabs_used_at_once_is_used(client, person, refresh_at_once):
    _, first = await sign_in(client, person)
    (_, _, second), _ = await refresh_at_once(first, None, None)
    assert (await refresh(client, first))[0] == 401
    assert (await refresh(client, second))[0] == 401


async def test_another_program_at_the_same_time_is_a_thief(client, person, refresh_at_once):
    _, first = await sign_in(client, person)
    answers = await refresh_at_once(first, "curl/8", "curl/8")
    assert sorted(status for status, _, _ in answers) == [200, 401]
    newest = next(token for status, _, token in answers if status == 200)
    assert (await refresh(client, newest))[0] == 401


async def test_a_wrong_secret_does_not_end_somebody_elses_session(client, person):
    _, token = await sign_in(client, person)
    for guess in ("", "x", "\u00e9", token.split(".")[1][:-1]):
        assert (await refresh(client, f"{token.split('.')[0]}.{guess}"))[0] == 401
    assert (await refresh(client, token))[0] == 200


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "0" * 32 + ".y", "-" * 5000])
async def test_garbage_instead_of_a_refresh_token(client, token):
    status, body, _ = await refresh(client, token)
    assert (status, body["code"]) == (401, "INVALID_REFRESH_TOKEN")


async def test_an_expired_session_is_over(client, person, kernel):
    token, refreshing = await sign_in(client, person)
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE session SET expires_at = now() - interval '1 second' WHERE user_id = $1", person.id
        )
    kernel.identifier.forget()
    assert await me(client, token) == (401, "INVALID_TOKEN")
    assert (await refresh(client, refreshing))[0] == 401


async def test_signing_out_ends_the_session_at_once(client, person):
    token, refreshing = await sign_in(client, person)
    assert (await me(client, token))[0] == 200
    headers = {"Authorization": f"Bearer {token}"}
    async with client.post("/api/auth/logout", headers=headers) as answer:
        assert (answer.status, await answer.read()) == (204, b"")
        assert {name: item["max-age"] for name, item in answer.cookies.items()} == {
            "token": "0",
            "refreshToken": "0",
        }
    assert await me(client, token) == (401, "INVALID_TOKEN")
    assert (await refresh(client, refreshing))[0] == 401


async def test_sessions_of_one_person_are_independent(client, person):
    first, _ = await sign_in(client, person)
    second, _ = await sign_in(client, person)
    async with client.post("/api/auth/logout", headers={"Authorization": f"Bearer {first}"}) as answer:
        assert answer.status == 204
    assert (await me(client, first))[0] == 401
    assert (await me(client, second))[0] == 200


async def test_a_session_that_is_used_while_it_is_ended_is_not_remembered(client, kernel, tenant, person):
    """The audit log, which is written last, holds the end of the session up just before its commit."""
    (ender, _), (ended, _) = await sign_in(client, person), await sign_in(client, person)
    session_id = jwt.decode(ended, options={"verify_signature": False})["sid"]
    headers = {"Authorization": f"Bearer {ender}"}

    async def end():
        async with client.delete(f"/api/auth/me/sessions/{session_id}", headers=headers) as answer:
            return answer.status

    async with kernel.database.control() as unit:
        await unit.connection.execute(f'SELECT FROM "{tenant.schema}".audit_head FOR UPDATE')
        ending = asyncio.create_task(end())
        async with asyncio.timeout(10):
            waits = "SELECT true FROM pg_locks WHERE NOT granted LIMIT 1"
            while not await unit.connection.fetchval(waits):  # noqa: ASYNC110 - nobody announces a wait
                await asyncio.sleep(0)
        assert (await me(client, ended))[0] == 200
    assert await ending == 204
    assert (await me(client, ended))[0] == 401
