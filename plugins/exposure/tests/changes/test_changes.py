"""The feed: in order, resumable, nothing twice and nothing missed."""

import asyncio

import pytest
from exposure_reports import Item


async def test_changes_come_in_order_and_go_on_where_one_stopped(space, scan, followed):
    await space.take(scan(Item(), Item(plugin=1002)))
    first, cursor = await followed(space)
    assert [item["action"] for item in first] == ["created", "created"]
    assert await followed(space, cursor) == ([], cursor)
    await space.take(scan(Item(), at=2))
    second, cursor = await followed(space, cursor)
    assert [(item["action"], item["state"]) for item in second] == [("closed", "fixed")]
    every, end = await followed(space)
    assert (every, end) == (first + second, cursor)
    rows = {row["id"]: row for row in await space.vulnerabilities()}
    assert {item["vulnerabilityId"]: item["state"] for item in every} == {
        key: row["state"] for key, row in rows.items()
    }
    assert all(item["assetId"] == rows[item["vulnerabilityId"]]["assetId"] for item in every)


async def test_who_follows_while_others_import_sees_everything_once(space, scan, followed):
    jobs = [await space.submit(scan(Item(), Item(plugin=1002), host=f"10.0.0.{n}")) for n in range(1, 9)]
    seen, cursor = [], "0"
    while len(seen) < 16:
        found, cursor = await followed(space, cursor, limit=3)
        seen += found
        await asyncio.sleep(0.02)
    for job in jobs:
        assert (await space.finished(job))["status"] == "completed"
    assert len({item["vulnerabilityId"] for item in seen}) == len(seen) == 16
    assert (await followed(space, cursor))[0] == []


@pytest.mark.parametrize("cursor", ["-1", "x", "9223372036854775808", "1-", "1-9223372036854775808", "Now"])
async def test_a_cursor_is_one_that_was_given(space, cursor):
    assert (await space.refusal("/changes", cursor=cursor))["details"][0]["field"] == "cursor"


async def test_others_see_nothing_of_it(space, outsider, scan):
    await space.take(scan(Item()))
    assert (await outsider.get("/changes"))["data"] == []


async def test_now_is_the_end(space, scan, followed):
    await space.take(scan(Item()))
    body = await space.get("/changes", cursor="now")
    assert (body["data"], body["more"]) == ([], False)
    assert body["nextCursor"] == (await followed(space))[1]
