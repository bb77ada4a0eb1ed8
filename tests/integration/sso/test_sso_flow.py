"""A browser's session on its way through a sign-in: what the database keeps, and for how long."""

import hashlib

import pytest_asyncio
from saml_forge import key_pair


@pytest_asyncio.fixture(loop_scope="session")
async def begun(browser, add_provider, tenant):
    """A browser that a SAML provider was about to get."""
    options = {
        "entityId": "https://flow.example.com",
        "ssoUrl": "https://idp.example.com/sso",
        "certificates": [key_pair()[1].decode()],
    }
    provider = await add_provider(kind="saml", saml=options)
    query = {"tenant": tenant.slug, "provider": provider["id"], "next": "/somewhere-secret"}
    answer = await browser.get("/api/auth/sso/login", params=query)
    assert answer.status == 303
    return browser, answer, query


async def test_the_cookie_goes_with_a_post_of_another_site_and_to_nothing_but_signing_in(begun):
    _, answer, _ = begun
    line = next(text for text in answer.headers.getall("Set-Cookie") if text.startswith("flow="))
    for part in ("HttpOnly", "Secure", "SameSite=None", "Path=/api/auth", "Max-Age=600"):
        assert part in line


async def test_the_database_has_neither_the_cookie_nor_the_content_in_clear(begun, database):
    browser, _, _ = begun
    cookie = browser.cookies["flow"]
    async with database.control(read_only=True) as unit:
        row = await unit.connection.fetchrow(
            "SELECT content, expires_at - now() AS left FROM browser_flow WHERE key = $1",
            hashlib.sha256(cookie.encode()).hexdigest(),
        )
        everything = await unit.connection.fetchval("SELECT string_agg(t::text, '') FROM browser_flow t")
    assert 0 < row["left"].total_seconds() <= 600
    assert cookie not in everything
    assert "somewhere-secret" not in everything


async def test_what_is_over_counts_no_more_and_goes_with_the_next_sign_in(begun, another_browser, database):
    browser, _, query = begun
    key = hashlib.sha256(browser.cookies["flow"].encode()).hexdigest()
    async with database.control() as unit:
        await unit.connection.execute("UPDATE browser_flow SET expires_at = now() - interval '1 second'")
    answer = await browser.get("/api/auth/sso/callback", params={"state": "x", "code": "y"})
    assert (answer.status, (await answer.json())["reason"]) == (401, "NO_FLOW")
    assert (await another_browser.get("/api/auth/sso/login", params=query)).status == 303
    async with database.control(read_only=True) as unit:
        assert not await unit.connection.fetchval("SELECT count(*) FROM browser_flow WHERE key = $1", key)


async def test_a_content_moved_to_another_cookie_does_not_open(begun, another_browser, database):
    browser, _, query = begun
    assert (await another_browser.get("/api/auth/sso/login", params=query)).status == 303
    keys = [hashlib.sha256(item.cookies["flow"].encode()).hexdigest() for item in (browser, another_browser)]
    async with database.control() as unit:
        await unit.connection.execute(
            """UPDATE browser_flow SET content = (SELECT content FROM browser_flow WHERE key = $1)
               WHERE key = $2""",
            *keys,
        )
    answer = await another_browser.get("/api/auth/sso/callback", params={"state": "x", "code": "y"})
    assert (await answer.json())["reason"] == "NO_FLOW"
