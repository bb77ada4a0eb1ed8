"""The client is behind a trusted proxy, so that a test chooses its address with a header."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.auth import service
from threatweaver.http.proxies import Proxies
from threatweaver.ids import uuid7
from threatweaver.tenancy.network import parse_range
from threatweaver.tenancy.standing import Standings

ALLOW, BLOCK = "/api/admin/security/ip-whitelist", "/api/admin/security/ip-blacklist"
HOME = "192.0.2.10"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxied(kernel):
    """The application behind a proxy, with a cache of its own."""
    trusted = Proxies((parse_range("127.0.0.1"), parse_range("::1")))
    under = replace(kernel, proxies=trusted, standings=Standings(kernel.database))
    async with TestClient(TestServer(application.build(under))) as opened:
        yield opened


@dataclass
class Caller:
    client: Any
    headers: dict

    async def __call__(self, method, path, *, address=HOME, **options):
        headers = {**self.headers, "X-Forwarded-For": address}
        async with self.client.request(method, path, headers=headers, **options) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    async def add(self, path, range_, **options):
        body = {"range": range_, **options.pop("more", {})}
        return await self("POST", path, json=body, **options)

    async def passes(self, address):
        status, body = await self("GET", "/api/auth/me", address=address)
        assert status == 200 or (status, body["code"]) == (403, "ADDRESS_REFUSED")
        return status == 200


@pytest_asyncio.fixture(loop_scope="session")
async def ask(kernel, proxied, as_role, new_tenant):
    tenant = await new_tenant(kernel)
    return Caller(proxied, await as_role("admin", tenant))


async def test_a_block_refuses_its_addresses_whatever_they_wear(ask):
    assert (await ask.add(BLOCK, "203.0.113.0/24", more={"reason": "scans us"}))[0] == 201
    assert not await ask.passes("203.0.113.9")
    assert not await ask.passes("::ffff:203.0.113.9")
    assert await ask.passes("203.0.114.9")
    assert await ask.passes(HOME)
    _, body = await ask("GET", BLOCK)
    assert [(rule["range"], rule["reason"]) for rule in body["data"]] == [("203.0.113.0/24", "scans us")]


async def test_an_allow_list_refuses_everybody_else(ask):
    assert (await ask.add(ALLOW, "192.0.2.0/24"))[0] == 201
    assert (await ask.add(ALLOW, "2001:db8::/32"))[0] == 201
    assert await ask.passes("192.0.2.200")
    assert await ask.passes("2001:db8:1::7")
    assert not await ask.passes("198.51.100.1")
    assert not await ask.passes("2001:db9::7")


@pytest.mark.parametrize(
    ("path", "range_", "address"),
    [
        (BLOCK, "192.0.2.0/24", HOME),
        (BLOCK, "0.0.0.0/0", HOME),
        (BLOCK, "::ffff:192.0.2.0/120", HOME),
        (BLOCK, "192.0.2.10", "::ffff:192.0.2.10"),
        (BLOCK, "2001:db8::/32", "2001:db8::1"),
        (BLOCK, "::/0", "2001:db8::1"),
        (ALLOW, "198.51.100.0/24", HOME),
        (ALLOW, "::/0", HOME),
        (ALLOW, "0.0.0.0/0", "2001:db8::1"),
    ],
)
async def test_a_rule_that_would_keep_the_caller_out_is_refused_and_explained(ask, path, range_, address):
    status, body = await ask.add(path, range_, address=address)
    assert (status, body["code"]) == (409, "WOULD_LOCK_OUT")
    assert "Your own address" in body["message"]
    assert (await ask("GET", path, address=address))[1]["data"] == []


async def test_the_line_that_lets_the_caller_in_cannot_be_taken_off_or_let_expire(ask):
    _, own = await ask.add(ALLOW, "192.0.2.0/24")
    await ask.add(ALLOW, "198.51.100.0/24")
    identifier, soon = own["data"]["id"], (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    status, body = await ask("DELETE", ALLOW, params={"id": identifier})
    assert (status, body["code"]) == (409, "WOULD_LOCK_OUT")
    status, body = await ask("PUT", f"{ALLOW}/{identifier}", json={"expiresAt": soon})
    assert (status, body["code"]) == (409, "WOULD_LOCK_OUT")
    assert await ask.passes(HOME)


async def test_a_line_that_expires_may_be_the_only_one(ask):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await ask.add(ALLOW, "192.0.2.0/24", more={"expiresAt": soon}))[0] == 201
    status, _ = await ask.add(ALLOW, "198.51.100.0/24")  # it alone would be left after that hour
    assert status == 409


async def test_two_changes_at_a_time_cannot_lock_out_together(ask):
    _, one = await ask.add(ALLOW, "192.0.2.0/24")
    _, two = await ask.add(ALLOW, "192.0.2.10")
    await ask.add(ALLOW, "198.51.100.0/24")
    removals = (ask("DELETE", ALLOW, params={"id": rule["data"]["id"]}) for rule in (one, two))
    assert sorted(status for status, _ in await asyncio.gather(*removals)) == [204, 409]
    assert await ask.passes(HOME)


async def test_a_rule_ends_with_its_time(ask, kernel):
    _, made = await ask.add(
        BLOCK, "203.0.113.0/24", more={"expiresAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    )
    assert not await ask.passes("203.0.113.1")
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE network_rule SET expires_at = now() - interval '1 second' WHERE id = $1::text::uuid",
            made["data"]["id"],
        )
    _, verdict = await ask("GET", "/api/admin/security/ip-check", params={"address": "203.0.113.1"})
    assert verdict == {"address": "203.0.113.1", "allowed": True, "refusedBy": None, "rules": []}
    _, again = await ask("PUT", f"{BLOCK}/{made['data']['id']}", json={"reason": "still there"})
    assert again["data"]["reason"] == "still there"
    assert await ask.passes("203.0.113.1")
    past = {"expiresAt": "2020-01-01T00:00:00Z"}
    assert (await ask.add(BLOCK, "203.0.112.0/24", more=past))[0] == 422


async def test_the_check_says_which_line_refuses(ask):
    _, allowed = await ask.add(ALLOW, "192.0.2.0/24")
    _, blocked = await ask.add(BLOCK, "192.0.2.128/25")

    async def check(address):
        return (await ask("GET", "/api/admin/security/ip-check", params={"address": address}))[1]

    ids = [allowed["data"]["id"], blocked["data"]["id"]]
    assert await check("::ffff:192.0.2.200") == {
        "address": "192.0.2.200",
        "allowed": False,
        "refusedBy": "block",
        "rules": ids,
    }
    assert (await check("192.0.2.1"))["rules"] == ids[:1]
    assert (await check("2001:db8::1"))["refusedBy"] == "allow"


async def test_a_network_is_listed_once_and_written_in_one_form(ask):
    _, made = await ask.add(BLOCK, "2001:DB8:0::/48")
    assert made["data"]["range"] == "2001:db8::/48"
    assert (await ask.add(BLOCK, "2001:db8:0:0::/48"))[0] == 409
    assert (await ask.add(ALLOW, "192.0.2.0/24"))[0] == 201
    for text in ("192.0.2.1/24", "example.com", "192.0.2.0/33"):
        status, body = await ask.add(BLOCK, text)
        assert (status, body["details"][0]["field"]) == (400, "range")


async def test_a_line_of_the_other_list_or_tenant_is_not_there(ask, client, stranger):
    _, made = await ask.add(BLOCK, "203.0.113.0/24")
    identifier = made["data"]["id"]
    assert (await ask("DELETE", ALLOW, params={"id": identifier}))[0] == 404
    async with client.delete(BLOCK, params={"id": identifier}, headers=stranger) as answer:
        assert answer.status == 404
    assert (await ask("DELETE", BLOCK, params={"id": identifier}))[0] == 204
    assert await ask.passes("203.0.113.1")


async def test_a_sign_in_and_a_refresh_from_a_refused_address_are_refused(
    kernel, proxied, as_role, new_tenant
):
    tenant = await new_tenant(kernel)
    ask = Caller(proxied, await as_role("admin", tenant))
    await ask.add(ALLOW, "192.0.2.0/24")
    body = {"email": f"{uuid7().hex}@example.com", "password": "a long passphrase"}
    await service.create_user(kernel.database, **body, role="viewer", tenant_id=tenant.id)

    async def sign_in(address):
        sent = {"X-Forwarded-For": address}
        async with proxied.post("/api/auth/login", json=body, headers=sent) as answer:
            return answer.status, await answer.json(), answer.cookies

    status, refused, _ = await sign_in("198.51.100.1")
    assert (status, refused["code"]) == (403, "ADDRESS_REFUSED")
    status, _, cookies = await sign_in("192.0.2.55")
    assert status == 200
    cookie = {"Cookie": f"refreshToken={cookies['refreshToken'].value}"}
    for address, expected in (("198.51.100.1", 403), ("192.0.2.55", 200)):
        sent = {**cookie, "X-Forwarded-For": address}
        async with proxied.post("/api/auth/refresh", headers=sent) as answer:
            assert answer.status == expected


async def test_another_process_follows_within_five_seconds(ask, kernel, as_role):
    @asynccontextmanager
    async def other_process():
        under = replace(
            kernel, proxies=Proxies((parse_range("127.0.0.1"),)), standings=Standings(kernel.database)
        )
        async with TestClient(TestServer(application.build(under))) as opened:
            yield Caller(opened, ask.headers)

    async with other_process() as other:
        assert await other.passes("203.0.113.1")
        await ask.add(BLOCK, "203.0.113.0/24")
        async with asyncio.timeout(5):
            while await other.passes("203.0.113.1"):  # noqa: ASYNC110 - nothing is announced: it is asked again
                await asyncio.sleep(0.1)
