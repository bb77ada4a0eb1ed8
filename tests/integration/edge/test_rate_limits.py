"""Limits shared by processes: two limiters on one database are what two processes are."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio

from threatweaver.http.errors import TooManyRequests
from threatweaver.ids import uuid7
from threatweaver.ratelimits import limiter as limiters
from threatweaver.ratelimits import queries
from threatweaver.ratelimits.limiter import RateLimiter


@pytest.fixture
def address():
    """An address that nobody else draws for."""
    number = uuid7().int
    return f"198.{18 + (number & 1)}.{(number >> 1) & 255}.{(number >> 9) & 255}"


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def clean(kernel):
    """Buckets and configuration of one test are none of another's."""
    yield
    async with kernel.database.control() as unit:
        await unit.connection.execute("DELETE FROM rate_bucket; DELETE FROM rate_limit_config")


@pytest.fixture
def processes(kernel):
    """A function: as many limiters as processes, with this general limit."""
    return lambda count, limit=100: [
        RateLimiter(replace(kernel.settings, rate_limit=limit), kernel.database) for _ in range(count)
    ]


@pytest.fixture
def draws(monkeypatch):
    """The draws on buckets so far, while they go on to the database."""
    made = []
    real = queries.draw

    async def counted(rule, client, portion):
        made.append(portion)
        return await real(rule, client, portion)

    monkeypatch.setattr(queries, "draw", counted)
    return made


async def passed(limiters, path, address, times):
    """How many of so many requests at once are let through, spread over the processes."""

    async def one(limiter):
        try:
            return (await limiter.take_for_address(path, address)) is not None
        except TooManyRequests:
            return False

    return sum(await asyncio.gather(*(one(limiters[n % len(limiters)]) for n in range(times))))


async def test_ten_of_thirty_sign_ins_at_once_pass_two_processes(processes, address):
    two = processes(2)
    assert await passed(two, "/auth/login", address, 30) == 10
    assert await passed(two, "/auth/login", address, 30) == 0
    assert await passed(processes(1), "/auth/login", address, 5) == 0  # a process that starts later
    assert await passed(two, "/auth/login", address + "0", 3) == 3


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_the_general_limit_is_never_exceeded_and_nearly_reached(processes, address, draws, count):
    some = processes(count)
    assert 90 <= await passed(some, "/assets", address, 400) <= 100
    assert len(draws) < 40 * count
    assert await passed(some, "/jobs/{id}", address, 50) <= 10


async def test_an_idle_process_keeps_no_more_than_it_used(processes, address):
    idle, busy = processes(2)
    assert await passed([idle], "/assets", address, 7) == 7
    assert await passed([busy], "/assets", address, 200) >= 100 - 2 * 7


async def test_a_large_limit_costs_few_draws(processes, address, draws):
    (only,) = processes(1, limit=100_000)
    for _ in range(5000):
        await only.take_for_address("/assets", address)
    assert len(draws) <= 13


async def test_a_flood_of_refused_requests_does_not_reach_the_database(processes, address, draws):
    (only,) = processes(1)
    assert await passed([only], "/auth/login", address, 500) == 10
    assert len(draws) <= 11


async def test_sign_in_and_the_rest_are_counted_apart(processes, address):
    (only,) = processes(1)
    assert await passed([only], "/auth/login", address, 12) == 10
    assert (await only.take_for_address("/assets", address)).remaining == 99
    assert await passed([only], "/auth/invite", address, 7) == 5


async def test_the_allowance_counts_down_and_says_when_it_ends(processes, address):
    (only,) = processes(1, limit=3)
    left = [(await only.take_for_address("/assets", address)).remaining for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(TooManyRequests) as refused:
        await only.take_for_address("/assets", address)
    assert refused.value.headers["RateLimit-Remaining"] == "0"
    assert 50 <= int(refused.value.headers["Retry-After"]) <= 61


async def test_a_new_window_opens_when_the_last_has_ended(kernel, processes, address):
    assert await passed(processes(1), "/auth/login", address, 20) == 10
    async with kernel.database.control() as unit:
        await unit.connection.execute("UPDATE rate_bucket SET resets_at = now() - interval '1 ms'")
    assert await passed(processes(2), "/auth/login", address, 20) == 10


async def test_ended_buckets_are_swept(kernel, processes, address):
    await passed(processes(1), "/auth/login", address, 1)
    async with kernel.database.control() as unit:
        await unit.connection.execute("UPDATE rate_bucket SET resets_at = now() - interval '1 ms'")
    await passed(processes(1), "/assets", address, 1)
    async with kernel.database.control(read_only=True) as unit:
        names = [row["name"] for row in await unit.connection.fetch("SELECT name FROM rate_bucket")]
    assert names == ["general"]


async def test_the_table_is_not_logged(kernel):
    async with kernel.database.control(read_only=True) as unit:
        kind = await unit.connection.fetchval(
            "SELECT relpersistence::text FROM pg_class WHERE relname = 'rate_bucket'"
        )
    assert kind == "u"


async def test_zero_switches_every_limit_off(processes, address, draws):
    (only,) = processes(1, limit=0)
    assert [await only.take_for_address("/auth/login", address) for _ in range(20)] == [None] * 20
    assert draws == []


async def test_a_cancelled_draw_leaves_the_bucket_usable(processes, address):
    (only,) = processes(1)
    task = asyncio.create_task(only.take_for_address("/auth/login", address))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await passed([only], "/auth/login", address, 20) >= 9


async def test_what_an_administrator_changes_holds_on_every_process(
    client, admin, processes, address, monkeypatch
):
    first, second = processes(2)
    await first.take_for_address("/assets", address)
    monkeypatch.setattr(limiters, "_CONFIG_TTL", 0)
    body = {
        "generalLimit": 40,
        "overrides": [{"path": "/auth/login", "limit": 3, "windowSeconds": 60}],
    }
    answer = await client.put("/api/admin/rate-limits/config", json=body, headers=admin)
    assert answer.status == 200
    assert (await second.take_for_address("/assets", address)).limit == 40
    assert (await first.take_for_address("/assets", address)).limit == 40
    assert await passed([first, second], "/auth/login", address, 20) == 3
    shown = await (await client.get("/api/admin/rate-limits/config", headers=admin)).json()
    assert (shown["generalLimit"], shown["overrides"]) == (40, body["overrides"])
    assert {"path": "/auth/login", "limit": 3, "windowSeconds": 60} in shown["inForce"]
    assert {"path": "/auth/invite", "limit": 5, "windowSeconds": 60} in shown["inForce"]


async def test_the_configuration_is_read_again_within_five_seconds():
    assert limiters._CONFIG_TTL + limiters._REFUSED_TTL <= 6
    assert max(limiters._CONFIG_TTL, limiters._REFUSED_TTL) < 5


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"generalLimit": 0}, 400, "VALIDATION_ERROR"),
        ({"generalLimit": "100"}, 400, "VALIDATION_ERROR"),
        ({"overrides": [{"path": "/auth/login", "limit": 0, "windowSeconds": 60}]}, 400, "VALIDATION_ERROR"),
        (
            {"overrides": [{"path": "/auth/login", "limit": 1, "windowSeconds": 60}] * 2},
            400,
            "VALIDATION_ERROR",
        ),
        ({"overrides": [{"path": "/auth/nothing", "limit": 1, "windowSeconds": 60}]}, 422, "UNKNOWN_PATH"),
    ],
)
async def test_limits_that_make_no_sense_are_refused(client, admin, change, status, code):
    body = {"generalLimit": 100, "overrides": []} | change
    answer = await client.put("/api/admin/rate-limits/config", json=body, headers=admin)
    assert (answer.status, (await answer.json())["code"]) == (status, code)


async def test_an_administrator_sees_who_is_stopped_and_lets_them_in(
    client, admin, viewer, processes, address, monkeypatch
):
    two = processes(2)
    await passed(two, "/auth/login", address, 15)
    listed = await client.get(f"/api/admin/rate-limits?address={address}", headers=admin)
    (bucket,) = (await listed.json())["data"]
    assert {name: bucket[name] for name in ("bucket", "client", "used", "limit", "full")} == {
        "bucket": "/auth/login",
        "client": address,
        "used": 10,
        "limit": 10,
        "full": True,
    }
    path = f"/api/admin/rate-limits/{address}"
    assert (await client.delete(path, headers=viewer)).status == 403
    assert (await client.delete(path, headers=admin)).status == 204
    monkeypatch.setattr(limiters, "_REFUSED_TTL", 0)
    assert await passed(two, "/auth/login", address, 30) == 10
    assert (await client.delete("/api/admin/rate-limits/no-address", headers=admin)).status == 400
