"""A refused credential leaves a line in its holder's log, and a flood of refusals no flood of lines."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from threatweaver.access.tokens.models import ApiToken
from threatweaver.ids import uuid7


@pytest_asyncio.fixture(loop_scope="session")
async def me(client, admin):
    async with client.get("/api/auth/me", headers=admin) as answer:
        return await answer.json()


@pytest.fixture
def refused(client, admin):
    """The lines about refusals whose target begins so."""

    async def lines(credential):
        params = {"action": "credential_refused", "limit": "100"}
        async with client.get("/api/security/audit", params=params, headers=admin) as answer:
            return [line for line in (await answer.json())["data"] if line["target"].startswith(credential)]

    return lines


async def send(client, headers, path="/api/tags"):
    async with client.post(path, json={"name": uuid7().hex}, headers=headers) as answer:
        return answer.status, (await answer.json()).get("code")


async def token_of(client, admin, **options):
    body = {"name": "ci", "scopes": ["kernel:job:read"], **options}
    async with client.post("/api/tokens", json=body, headers=admin) as answer:
        assert answer.status == 201, await answer.text()
        made = (await answer.json())["data"]
    return made["id"], {"X-API-Key": made["secret"]}


async def test_a_write_from_a_foreign_page_is_told_once_a_minute(client, admin, me, refused):
    foreign = {
        "Cookie": "token=" + admin["Authorization"].removeprefix("Bearer "),
        "Origin": "https://evil.example",
    }
    answers = await asyncio.gather(*(send(client, foreign) for _ in range(20)))
    assert set(answers) == {(403, "FOREIGN_ORIGIN")}
    (line,) = await refused("session:")
    assert (line["actorId"], line["actorEmail"], line["outcome"]) == (me["id"], me["email"], "failure")
    assert line["address"] == "127.0.0.1"
    assert line["after"] == {
        "code": "FOREIGN_ORIGIN",
        "method": "POST",
        "path": "/api/tags",
        "origin": "https://evil.example",
    }


async def test_a_token_at_a_foreign_address_is_told(client, admin, me, refused):
    token_id, headers = await token_of(client, admin, addresses=["192.0.2.0/24"])
    for _ in range(3):  # asked for, then remembered
        assert await send(client, headers) == (403, "TOKEN_ADDRESS_REFUSED")
    (line,) = await refused(f"token:{token_id}")
    assert (line["actorId"], line["after"]["code"]) == (me["id"], "TOKEN_ADDRESS_REFUSED")


async def test_an_expired_token_is_told_and_an_unknown_one_is_nobodys(client, admin, kernel, refused):
    token_id, headers = await token_of(client, admin)
    async with kernel.database.control():
        await ApiToken.filter(id=token_id).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    for _ in range(3):
        assert await send(client, headers) == (401, "TOKEN_EXPIRED")
    assert await send(client, {"X-API-Key": "tw_" + "A" * 43}) == (401, "INVALID_TOKEN")
    (line,) = await refused(f"token:{token_id}")
    assert line["after"]["code"] == "TOKEN_EXPIRED"


async def test_after_a_minute_it_is_told_again(client, admin, kernel, refused):
    token_id, headers = await token_of(client, admin, addresses=["192.0.2.0/24"])
    await send(client, headers)
    kernel.refusals._written[f"token:{token_id}"] -= 61
    await send(client, headers)
    await send(client, headers)
    assert len(await refused(f"token:{token_id}")) == 2
