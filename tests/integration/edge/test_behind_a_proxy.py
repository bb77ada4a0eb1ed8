"""Behind a trusted proxy: sessions, audit lines and cookies know the client; others are not believed."""

import pytest

from threatweaver.auth import service
from threatweaver.auth.models import Session
from threatweaver.ids import uuid7

PASSWORD = "a long passphrase"
PROXIED = {"X-Forwarded-For": "6.6.6.6, 192.0.2.9", "X-Forwarded-Proto": "https"}


@pytest.fixture
def sign_in(kernel, tenant):
    """A function: signs a new user in with these headers, returns the answer and the session's address."""

    async def signed(client, headers):
        email = f"{uuid7().hex}@example.com"
        user = await service.create_user(
            kernel.database, email=email, password=PASSWORD, role="viewer", tenant_id=tenant.id
        )
        body = {"email": email, "password": PASSWORD}
        answer = await client.post("/api/auth/login", json=body, headers=headers)
        assert answer.status == 200
        async with kernel.database.control(read_only=True):
            session = await Session.get(user_id=user.id)
        return answer, session.address

    return signed


async def test_a_session_knows_the_client_behind_the_proxy_and_its_cookies_are_secure(edge, sign_in):
    async with edge(TW_TRUSTED_PROXIES="127.0.0.1/32,::1/128") as client:
        answer, address = await sign_in(client, PROXIED)
    assert address == "192.0.2.9"
    assert {cookie["secure"] for cookie in answer.cookies.values()} == {True}


async def test_a_client_cannot_choose_its_address(client, sign_in):
    answer, address = await sign_in(client, PROXIED)
    assert address == "127.0.0.1"
    assert {cookie["secure"] for cookie in answer.cookies.values()} == {""}


async def test_a_client_without_tls_gets_no_cookie_that_travels_in_the_open(edge, sign_in):
    async with edge(TW_TRUSTED_PROXIES="127.0.0.1/32") as client:
        answer, _ = await sign_in(client, PROXIED | {"X-Forwarded-Proto": "http"})
    assert {cookie["secure"] for cookie in answer.cookies.values()} == {True}


async def test_an_unreadable_header_of_a_trusted_proxy_is_a_documented_error(edge):
    async with edge(TW_TRUSTED_PROXIES="127.0.0.1/32") as client:
        answer = await client.get("/api/health/live", headers={"X-Forwarded-For": "who knows"})
        body = await answer.json()
    assert (answer.status, body["code"]) == (400, "VALIDATION_ERROR")
    assert body["details"][0]["field"] == "X-Forwarded-For"
    assert body["requestId"] == answer.headers["X-Request-Id"]
