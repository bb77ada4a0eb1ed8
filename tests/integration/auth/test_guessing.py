"""Guessing: attempts are counted exactly, strangers wait longer and longer, the owner never does."""

import asyncio

import pytest
import pytest_asyncio

from threatweaver.auth import service
from threatweaver.auth.lockout import queries
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.lockout.errors import SignInDelayed
from threatweaver.auth.lockout.service import Visitor
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant):
    return await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="viewer",
        tenant_id=tenant.id,
    )


def stranger(address="203.0.113.9"):
    return Visitor(address=address, user_agent="", device=uuid7().hex, request_id="r")


async def attempt(kernel, email, visitor):
    """Return the number of the attempt, None when it is not let to the password check."""
    try:
        async with kernel.database.control():
            return (await lockout.begin(email, visitor)).failures
    except SignInDelayed:
        return None


async def sign_in(client, person, password, cookie=None):
    client.session.cookie_jar.clear()
    headers = {"Cookie": f"device={cookie}"} if cookie else {}
    given = {"email": person.email, "password": password}
    async with client.post("/api/auth/login", json=given, headers=headers) as answer:
        client.session.cookie_jar.clear()
        device = answer.cookies.get("device")
        return answer.status, await answer.json(), device and device.value


async def test_ten_of_thirty_parallel_attempts_reach_the_password_check(kernel, person):
    passed = await asyncio.gather(
        *(attempt(kernel, person.email, stranger(f"203.0.{n}.9")) for n in range(30))
    )
    assert sorted(n for n in passed if n) == list(range(1, queries.FREE + 1))


async def test_the_delay_doubles_and_ends(kernel, person):
    for _ in range(queries.FREE):
        await attempt(kernel, person.email, stranger())
    waits = []
    for _ in range(14):
        async with kernel.database.control() as unit:
            row = await unit.connection.fetchrow(
                "UPDATE sign_in_failure SET blocked_until = blocked_until - interval '1 hour'"
                " WHERE blocked_until > clock_timestamp()"
                " RETURNING extract(epoch FROM blocked_until + interval '1 hour' - last_at) AS wait"
            )
        waits.append(round(row["wait"]))
        assert await attempt(kernel, person.email, stranger()) is not None
        assert await attempt(kernel, person.email, stranger()) is None
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    async with kernel.database.control() as unit:
        await unit.connection.execute("DELETE FROM sign_in_failure")


async def test_an_unknown_account_is_delayed_like_a_known_one(client, kernel):
    class Nobody:
        email = f"{uuid7().hex}@example.com"

    answers = [await sign_in(client, Nobody, "wrong password") for _ in range(queries.FREE + 1)]
    assert [status for status, _, _ in answers] == [401] * queries.FREE + [429]
    assert answers[-1][1]["code"] == "SIGN_IN_DELAYED"
    assert answers[-1][1]["retryAfter"] >= 1


async def test_the_owner_signs_in_from_a_known_device_while_others_guess(client, kernel, person):
    _, _, device = await sign_in(client, person, PASSWORD)
    async with kernel.database.control() as unit:  # the device alone is known, not the network
        await unit.connection.execute(
            "DELETE FROM familiar_source WHERE user_id = $1 AND key <> $2",
            person.id,
            lockout._key(person.email, "device", device.partition(".")[0]),
        )
    while await attempt(kernel, person.email, stranger()) is not None:
        pass
    assert (await sign_in(client, person, PASSWORD))[0] == 429
    assert (await sign_in(client, person, PASSWORD, device))[0] == 200


async def test_a_known_network_counts_apart(kernel, person):
    home = stranger("198.51.100.7")
    async with kernel.database.control():
        await lockout.remember(person.id, person.email, home)
    while await attempt(kernel, person.email, stranger()) is not None:
        pass
    assert await attempt(kernel, person.email, stranger("198.51.100.200")) == 1
    assert await attempt(kernel, person.email, stranger("198.51.101.7")) is None


async def test_a_forged_device_is_a_stranger(client, kernel, person):
    _, _, device = await sign_in(client, person, PASSWORD)
    forged = f"{device.partition('.')[0]}.{'0' * 64}"
    status, _, given = await sign_in(client, person, PASSWORD, forged)
    assert (status, given != forged, given is not None) == (200, True, True)


async def test_a_good_sign_in_forgets_its_own_source_only(client, kernel, person):
    _, _, device = await sign_in(client, person, PASSWORD)
    for _ in range(3):
        await attempt(kernel, person.email, stranger())
        await sign_in(client, person, "wrong password", device)
    await sign_in(client, person, PASSWORD, device)
    assert await attempt(kernel, person.email, stranger()) == 4
    assert (await sign_in(client, person, "wrong password", device))[0] == 401


async def test_failures_and_their_delay_stand_in_the_log(client, kernel, tenant, person):
    for _ in range(queries.FREE):
        await sign_in(client, person, "wrong password")
    async with kernel.database.owner(tenant.schema) as unit:
        own = await unit.connection.fetchval(
            "SELECT count(*) FROM audit_line l WHERE l::text LIKE $1", f"%user:{person.id}%"
        )
    async with kernel.database.control(read_only=True) as unit:
        control = await unit.connection.fetchval(
            "SELECT count(*) FROM audit_line l WHERE l::text LIKE $1", f"%user:{person.id}%"
        )
    assert own + control == queries.FREE


@pytest.mark.parametrize(
    "table", ["user_account", "membership", "session", "sign_in_failure", "familiar_source"]
)
async def test_what_a_sign_in_asks_has_an_index(kernel, person, table):
    asked = {
        "user_account": ("email = $1", person.email),
        "membership": ("user_id = $1", person.id),
        "session": ("user_id = $1", person.id),
        "sign_in_failure": ("key = $1", "x"),
        "familiar_source": ("key = $1", "x"),
    }
    where, value = asked[table]
    async with kernel.database.control() as unit:
        await unit.connection.execute("SET LOCAL enable_seqscan = off")
        lines = await unit.connection.fetch(f"EXPLAIN SELECT 1 FROM {table} WHERE {where}", value)
    assert any("Index" in line[0] for line in lines), lines
