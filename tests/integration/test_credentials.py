"""Tokens in headers and cookies: which are taken, with which code the others are refused, and CSRF."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import pytest_asyncio

from threatweaver.auth import service, tokens
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def signed_in(client, kernel, tenant):
    """Token and Set-Cookie headers of a sign-in."""
    email = f"{uuid7().hex}@example.com"
    await service.create_user(
        kernel.database, email=email, password=PASSWORD, role="analyst", tenant_id=tenant.id
    )
    async with client.post("/api/auth/login", json={"email": email.upper(), "password": PASSWORD}) as answer:
        token, cookies = (await answer.json())["token"], answer.headers.getall("Set-Cookie")
    client.session.cookie_jar.clear()
    return token, cookies


def parts(cookie):
    first, *rest = (part.strip() for part in cookie.split(";"))
    return first.split("=", 1)[0], {part.lower() for part in rest}


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(signed_in):
    table = dict(parts(cookie) for cookie in signed_in[1])
    assert set(table) == {"token", "refreshToken", "device"}
    for attributes in table.values():
        assert {"httponly", "samesite=lax"} <= attributes
        assert any(item.startswith("max-age=") for item in attributes)
    assert "path=/" in table["token"]
    assert all("path=/api/auth" in table[name] for name in ("refreshToken", "device"))


async def test_the_documented_claims(signed_in, kernel):
    claims = jwt.decode(signed_in[0], options={"verify_signature": False})
    assert {"userId", "role", "tenantId", "tenantSlug", "tenantPlan", "licenseJti", "iat", "exp"} <= set(
        claims
    )
    assert claims["licenseJti"] == kernel.license.jti
    assert claims["exp"] - claims["iat"] == kernel.settings.jwt_expires_in


async def get_me(client, **headers):
    async with client.get("/api/auth/me", headers=headers) as answer:
        return answer.status, (await answer.json()).get("code")


async def test_both_ways_in_work(client, signed_in):
    token = signed_in[0]
    assert (await get_me(client, Authorization=f"Bearer {token}"))[0] == 200
    assert (await get_me(client, Authorization=f"bearer   {token}"))[0] == 200
    assert (await get_me(client, Cookie=f"token={token}"))[0] == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "token"])
async def test_a_header_without_a_token_is_none_even_beside_a_good_cookie(client, signed_in, header):
    headers = {"Authorization": header, "Cookie": f"token={signed_in[0]}"}
    assert await get_me(client, **headers) == (401, "NO_TOKEN")


def issued(kernel, *, key=None, now=None, **claims):
    known = {"userId": str(uuid7()), "tenantId": str(uuid7()), "sid": str(uuid7())}
    moment = now or datetime.now(UTC)
    return tokens.issue(key or kernel.keys.access_token, known | claims, now=moment, lifetime=60)


async def test_refused_tokens_have_their_own_codes(client, kernel, signed_in):
    token = signed_in[0]
    own = jwt.decode(token, options={"verify_signature": False})
    expired = issued(kernel, now=datetime.now(UTC) - timedelta(hours=1), **own)
    answers = {
        "expired": await get_me(client, Authorization=f"Bearer {expired}"),
        "unsigned": await get_me(client, Authorization=f"Bearer {jwt.encode(own, '', algorithm='none')}"),
        "other key": await get_me(client, Authorization=f"Bearer {issued(kernel, key=b'x' * 32, **own)}"),
        "cursor key": await get_me(
            client, Authorization=f"Bearer {issued(kernel, key=kernel.keys.cursor, **own)}"
        ),
        "no session": await get_me(client, Authorization=f"Bearer {issued(kernel)}"),
        "garbage": await get_me(client, Authorization="Bearer a.b.c"),
        "oversized": await get_me(client, Authorization="Bearer " + "a" * 5000),
        "cookie": await get_me(client, Cookie="token=garbage"),
    }
    assert answers.pop("expired") == (401, "TOKEN_EXPIRED")
    assert set(answers.values()) == {(401, "INVALID_TOKEN")}


async def test_a_session_of_one_tenant_does_not_open_another(client, kernel, signed_in, other_tenant):
    own = jwt.decode(signed_in[0], options={"verify_signature": False})
    forged = tokens.issue(
        kernel.keys.access_token,
        {**own, "tenantId": str(other_tenant.id)},
        now=datetime.now(UTC),
        lifetime=60,
    )
    assert await get_me(client, Authorization=f"Bearer {forged}") == (401, "INVALID_TOKEN")


async def write(client, token, **headers):
    given = {"Cookie": f"token={token}", **headers}
    async with client.post("/api/tags", json={"name": uuid7().hex}, headers=given) as answer:
        return answer.status, (await answer.json()).get("code")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://[::1"},
        {"Origin": "http://{host}.evil.example"},
        {"Origin": "http://evil.example/{host}"},
        {"Origin": "{host}"},
        {"Origin": "http://user@{host}"},
        {"Origin": "https://evil.example", "Referer": "http://{host}/"},
        {"Referer": "https://evil.example/?http://{host}/"},
    ],
    ids=str,
)
async def test_a_cookie_writes_from_our_own_pages_alone(client, signed_in, headers):
    host = f"{client.host}:{client.port}"
    sent = {name: value.replace("{host}", host) for name, value in headers.items()}
    assert await write(client, signed_in[0], **sent) == (403, "FOREIGN_ORIGIN")


async def test_own_pages_and_tokens_may_write(client, signed_in):
    own = f"http://{client.host}:{client.port}"
    assert (await write(client, signed_in[0], Origin=own))[0] == 201
    assert (await write(client, signed_in[0], Referer=f"{own}/playground?x=1"))[0] == 201
    bearer = {"Authorization": f"Bearer {signed_in[0]}", "Origin": "https://elsewhere.example"}
    async with client.post("/api/tags", json={"name": uuid7().hex}, headers=bearer) as answer:
        assert answer.status == 201


async def test_reading_with_a_cookie_needs_no_origin(client, signed_in):
    async with client.get("/api/tags", headers={"Cookie": f"token={signed_in[0]}"}) as answer:
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers
