"""Events from a transaction to their subscribers, through the real queue."""

import math
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from published_things import NeverDeclared, NobodyListens, ThingDone, ThingSent, heard
from tortoise.transactions import in_transaction

from threatweaver import running
from threatweaver.db.transaction import NoScope, connection
from threatweaver.events.service import publish
from threatweaver.ids import uuid7
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Status


@pytest.fixture
def name():
    return uuid7().hex


async def test_each_subscriber_gets_it_in_the_same_tenant(working, as_home, home_tenant, jobs_of, name):
    event = ThingDone(name, datetime.now(UTC))
    async with as_home():
        await publish(event)
    noted, disliked = sorted(await jobs_of(home_tenant), key=lambda job: job.kind, reverse=True)
    assert (noted.kind, noted.status, noted.attempts, noted.module_id) == (
        "test.note_thing",
        Status.COMPLETED,
        1,
        "test",
    )
    assert (disliked.status, disliked.error["reason"]) == (Status.FAILED, name)
    assert heard[name] == [event]
    async with as_home():
        assert await connection().fetchval("SELECT count(*) FROM exposure_tag WHERE name = $1", name) == 1
        told = await connection().fetchval(
            "SELECT count(*) FROM audit_line WHERE action = 'job:test.note_thing'"
        )
        assert told == 1


async def test_what_is_rolled_back_is_not_told(as_home, home_tenant, jobs_of, name):
    with suppress(ZeroDivisionError):
        async with as_home():
            await publish(ThingDone(name))
            raise ZeroDivisionError
    assert await jobs_of(home_tenant) == []


async def test_what_a_savepoint_takes_back_is_not_told(working, as_home, home_tenant, jobs_of, name):
    async with as_home():
        await publish(ThingDone(f"{name} kept"))
        with suppress(ZeroDivisionError):
            async with in_transaction("tenant"):
                await publish(ThingDone(f"{name} undone"))
                raise ZeroDivisionError
        async with in_transaction("tenant"):
            await publish(ThingDone(f"{name} kept, too"))
    jobs = [job for job in await jobs_of(home_tenant) if job.kind == "test.note_thing"]
    assert sorted(job.payload["event"]["name"] for job in jobs) == [f"{name} kept", f"{name} kept, too"]


async def test_with_no_subscriber_nothing_is_written(as_home, home_tenant, jobs_of):
    async with as_home() as unit:
        statements = []
        unit.connection.add_query_logger(lambda record: statements.append(record.query))
        await publish(NobodyListens(uuid7()))
    assert statements == ["COMMIT"]
    assert await jobs_of(home_tenant) == []


@pytest.mark.parametrize(
    "event",
    [NeverDeclared(), "text", ThingDone(7), ThingDone("a\0"), ThingDone("a", at="now"), ThingDone(math.nan)],
    ids=["type", "builtin", "wrong type", "NUL", "wrong optional", "NaN"],
)
async def test_what_cannot_travel_is_refused_where_it_is_published(as_home, home_tenant, jobs_of, event):
    async with as_home():
        with pytest.raises(ValueError, match=type(event).__name__):
            await publish(event)
    assert await jobs_of(home_tenant) == []


async def test_text_that_only_looks_like_nul_travels(working, as_home, home_tenant, jobs_of):
    async with as_home():
        await publish(ThingDone("\\u0000"))
    assert {job.status for job in await jobs_of(home_tenant)} == {Status.COMPLETED, Status.FAILED}
    assert heard["\\u0000"] == [ThingDone("\\u0000")]


async def test_a_subscriber_may_stand_in_another_lane(working, as_home, home_tenant, jobs_of, name):
    async with as_home() as unit:
        await publish(ThingSent(name))
        assert [item.lane for item in unit.outbox] == [Lane.OUTWARD]
    (job,) = await jobs_of(home_tenant)
    assert (job.status, heard[name]) == (Status.COMPLETED, [False])


async def test_an_event_is_of_a_tenant(listening, home_tenant):
    with running.on(listening):
        with pytest.raises(NoScope):
            await publish(NobodyListens(uuid7()))
        async with listening.database.control():
            with pytest.raises(NoScope):
                await publish(NobodyListens(uuid7()))
    async with listening.database.tenant(home_tenant.schema):
        with pytest.raises(RuntimeError, match="outside of a request"):
            await publish(NobodyListens(uuid7()))


@pytest.mark.parametrize("members", [{}, {"name": 7}, {"name": "x", "at": "yesterday"}, [], None])
async def test_an_event_of_another_version_ends_its_delivery_clearly(
    working, listening, home_tenant, jobs_of, members
):
    async with listening.database.control():
        await store.enqueue(
            uuid7(),
            tenant_id=home_tenant.id,
            user_id=None,
            module_id=None,
            kind="test.note_thing",
            payload={"event": members},
            lane=Lane.WORK,
        )
    (job,) = await jobs_of(home_tenant)
    assert (job.status, job.attempts, job.error["code"]) == (Status.FAILED, 1, "EVENT_UNREADABLE")
    assert "ThingDone does not fit its type any more" in job.error["message"]


async def test_a_member_that_the_type_has_no_more_is_passed_over(
    working, listening, home_tenant, jobs_of, name
):
    async with listening.database.control():
        await store.enqueue(
            uuid7(),
            tenant_id=home_tenant.id,
            user_id=None,
            module_id=None,
            kind="test.note_thing",
            payload={"event": {"name": name, "colour": "red"}},
            lane=Lane.WORK,
        )
    (job,) = await jobs_of(home_tenant)
    assert (job.status, heard[name]) == (Status.COMPLETED, [ThingDone(name)])
