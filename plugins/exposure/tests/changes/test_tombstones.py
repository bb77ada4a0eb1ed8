"""What is gone is told, for as long as tombstones are kept; who was away for longer is told to start anew."""

import pytest
from exposure_reports import Item


async def retained(space, **days):
    """Apply a policy of retention, by data class without `exposure.`."""
    policy = {f"exposure.{name}": count for name, count in days.items()}
    assert (await space.call("PUT", "/admin/retention", json={"days": policy})).status == 200
    run = await space.call("POST", "/admin/retention/run", headers={"Prefer": "wait=60"})
    assert run.body["status"] == "completed", run
    await space.call("PUT", "/admin/retention", json={"days": dict.fromkeys(policy)})
    return run.body["result"]


async def age(space, table, column, days):
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute(f"UPDATE {table} SET {column} = {column} - interval '{days} days'")


async def removed_by_retention(space, scan):
    """Let retention delete the one vulnerability of two that is fixed; return its id."""
    await space.take(scan(Item(), Item(plugin=1002)))
    await space.take(scan(Item(), at=2))
    (fixed,) = await space.vulnerabilities(state="fixed")
    await age(space, "exposure_vulnerability", "fixed_at", 40)
    assert (await retained(space, fixed_vulnerabilities=30))["exposure.fixed_vulnerabilities"] == 1
    return fixed


async def test_what_retention_deletes_is_told(space, scan, followed):
    await space.take(scan(Item(), Item(plugin=1002)))
    _, cursor = await followed(space)
    fixed = await removed_by_retention(space, scan)
    seen, _ = await followed(space, cursor)
    last = seen[-1]
    assert (last["entity"], last["deleted"], last["action"]) == ("vulnerability", True, "deleted")
    assert (last["vulnerabilityId"], last["assetId"]) == (fixed["id"], fixed["assetId"])
    assert (last["state"], last["severity"], last["riskScore"]) == (None, None, None)
    await space.check()


async def test_a_copy_made_by_following_is_the_list(space, scan, followed):
    async def copy(known, cursor):
        seen, cursor = await followed(space, cursor)
        for item in seen:
            if item["deleted"]:
                known.pop(item["vulnerabilityId"] or item["assetId"], None)
            else:
                known[item["vulnerabilityId"]] = item["state"]
        assert known == {row["id"]: row["state"] for row in await space.vulnerabilities()}
        return cursor

    known = {}
    cursor = await copy(known, "0")
    await removed_by_retention(space, scan)
    cursor = await copy(known, cursor)
    taken = await space.take(scan(Item(), host="10.0.0.9"))
    cursor = await copy(known, cursor)
    await space.revert(taken["importId"])
    await copy(known, cursor)
    await copy({}, "0")


async def test_what_a_reverted_import_takes_with_it_is_told(space, scan, followed):
    taken = await space.take(scan(Item()))
    (row,) = await space.vulnerabilities()
    _, cursor = await followed(space)
    await space.revert(taken["importId"])
    seen, _ = await followed(space, cursor)
    told = [(item["entity"], item["deleted"], item["vulnerabilityId"], item["assetId"]) for item in seen]
    assert told == [
        ("vulnerability", True, row["id"], row["assetId"]),
        ("asset", True, None, row["assetId"]),
    ]
    assert {item["importId"] for item in seen} == {taken["importId"]}


async def test_who_missed_a_tombstone_is_told_to_start_anew(space, scan, followed):
    await space.take(scan(Item(), Item(plugin=1002)))
    _, away = await followed(space)
    await removed_by_retention(space, scan)
    _, awake = await followed(space)
    await age(space, "exposure_tombstone", "at", 40)
    assert (await retained(space, tombstones=30))["exposure.tombstones"] == 1
    refused = await space.call("GET", "/changes", params={"cursor": away})
    assert (refused.status, refused.body["code"]) == (410, "RESYNC_REQUIRED")
    how = refused.body["resync"]
    listed = await space.call("GET", how["list"].removeprefix("/api"))
    assert listed.body["meta"]["total"] == 1
    assert await followed(space, how["cursor"]) == ([], awake)
    assert await followed(space, awake) == ([], awake)
    streamed = await space.call(
        "GET", "/changes", params={"cursor": away}, headers={"Accept": "text/event-stream"}
    )
    assert (streamed.status, streamed.body["code"]) == (410, "RESYNC_REQUIRED")
    # Who begins now never heard of what is gone, and pages on even through what is older.
    every, end = await followed(space, limit=1)
    assert ({item["vulnerabilityId"] for item in every}, end) == (
        {row["id"] for row in await space.vulnerabilities()},
        awake,
    )


@pytest.mark.parametrize("cursor", ["900000000000000000", "900000000000000000-1"])
async def test_a_cursor_of_another_history_is_refused(space, scan, cursor):
    await space.take(scan(Item()))
    answer = await space.call("GET", "/changes", params={"cursor": cursor})
    assert (answer.status, answer.body["code"]) == (410, "RESYNC_REQUIRED")
