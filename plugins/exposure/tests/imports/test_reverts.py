"""Taking an import back: what it changed is as it was, but for what was worked on since."""

from datetime import UTC, datetime

import pytest
from exposure_reports import Host, Item, day, nessus

CHECKS = (1001, 1002, 1003)
UUID = "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"


def scan(*items, at, **more):
    return nessus(Host(items=items, end=day(at), **more), checks=CHECKS)


async def listed(space):
    return {(row["pluginId"], row["state"], row["severity"]) for row in await space.vulnerabilities()}


async def test_what_an_import_created_changed_and_closed_is_as_it_was(space):
    await space.take(scan(Item(plugin=1001), Item(plugin=1002, severity=1, output="before"), at=1))
    was = await space.state()
    report = scan(Item(plugin=1002, severity=4, output="after"), Item(plugin=1003, severity=3), at=2)
    taken = await space.take(report)
    assert (taken["created"], taken["updated"], taken["closed"]) == (1, 1, 1)
    done = await space.revert(taken["importId"])
    assert (done["restored"], done["withdrawn"], done["kept"]) == (2, 1, [])
    await space.is_again(was)
    await space.check()
    assert await listed(space) == {(1001, "open", "MEDIUM"), (1002, "open", "LOW")}
    again = await space.take(report)
    assert {name: again[name] for name in ("created", "updated", "closed")} == {
        name: taken[name] for name in ("created", "updated", "closed")
    }


async def test_a_dry_run_says_the_same_and_changes_nothing(space):
    taken = await space.take(scan(Item(), at=1))
    was = await space.snapshot()
    tried = await space.revert(taken["importId"], dry_run=True)
    assert await space.snapshot() == was
    assert await space.revert(taken["importId"]) == {**tried, "dryRun": False}
    assert await space.vulnerabilities() == []
    assert (await space.get("/assets"))["data"] == []
    await space.check()


async def test_past_days_still_know_what_was_withdrawn_and_the_feed_tells(space):
    taken = await space.take(scan(Item(severity=4), at=1))
    then = await space.known()
    await space.a_day_passes()
    await space.revert(taken["importId"])
    yesterday = datetime.now(UTC).date().toordinal() - 1
    assert await space.known(asOf=datetime.fromordinal(yesterday).date()) == then
    assert (await space.known(asOf=datetime.now(UTC).date()))["all"] == []
    feed = [(row["entity"], row["action"], row["state"]) for row in (await space.get("/changes"))["data"]]
    assert feed == [
        ("vulnerability", "created", "open"),
        ("vulnerability", "withdrawn", "withdrawn"),
        ("asset", "withdrawn", None),
    ]


async def test_a_later_import_keeps_what_it_saw_and_can_be_taken_back_then(space):
    was = await space.state()
    first = await space.take(scan(Item(plugin=1001), Item(plugin=1002), at=1))
    second = await space.take(scan(Item(plugin=1002, severity=4), at=2))
    done = await space.revert(first["importId"])
    assert (done["withdrawn"], done["keptForLaterImports"], done["assetsWithdrawn"]) == (1, 1, 0)
    assert [(row["because"], row["importId"]) for row in done["kept"]] == [("import", second["importId"])]
    assert await listed(space) == {(1002, "open", "CRITICAL")}
    await space.check()
    done = await space.revert(second["importId"])
    assert (done["withdrawn"], done["assetsWithdrawn"]) == (1, 1)
    await space.is_again(was)
    await space.check()


async def test_what_was_between_is_what_the_next_import_found(space):
    first = await space.take(scan(Item(severity=1, output="one"), at=1))
    was = await space.state()
    second = await space.take(scan(Item(severity=2, output="two"), at=2))
    third = await space.take(scan(Item(severity=3, output="three"), at=3))
    done = await space.revert(second["importId"])
    assert (done["restored"], done["keptForLaterImports"]) == (0, 1)
    assert (await space.only())["output"] == "three"
    await space.revert(third["importId"])
    await space.is_again(was)
    await space.revert(first["importId"])
    assert await space.vulnerabilities() == []


async def test_a_decision_is_kept(space):
    taken = await space.take(scan(Item(plugin=1001), Item(plugin=1002), at=1))
    decided = next(row for row in await space.vulnerabilities() if row["pluginId"] == 1001)
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    await space.call("POST", f"/vulnerabilities/{decided['id']}/accept-risk", json=body)
    done = await space.revert(taken["importId"])
    assert [(row["id"], row["because"]) for row in done["kept"]] == [(decided["id"], "decision")]
    assert (await space.only())["acceptance"]["reason"] == "known and accepted"
    await space.check()


async def test_what_a_wrong_scan_closed_is_unobserved_where_a_later_one_did_not_see_it_either(space):
    await space.take(scan(Item(plugin=1001), at=1))
    wrong = await space.take(scan(at=2))
    await space.take(scan(Item(plugin=1002), at=3))
    await space.revert(wrong["importId"])
    rows = {row["pluginId"]: row for row in await space.vulnerabilities()}
    assert (rows[1001]["state"], rows[1001]["unobservedSince"][:10]) == ("open", day(3).date().isoformat())
    assert rows[1002]["unobservedSince"] is None
    await space.check()


async def test_definitions_and_names_of_assets_come_back(space):
    host = {"tags": {"host-uuid": UUID, "host-fqdn": "a.example.com"}}
    await space.take(scan(Item(name="Old words", cvss3=3.0, cves=["CVE-2024-1000"]), at=1, **host))
    was = await space.state()
    renamed = {"tags": {"host-uuid": UUID, "host-fqdn": "b.example.com"}}
    worse = scan(Item(name="New words", cvss3=9.0, cves=["CVE-2024-2000"]), at=2, **renamed)
    taken = await space.take(worse)
    assert (await space.only())["name"] == "New words"
    await space.revert(taken["importId"])
    await space.is_again(was)
    assert (await space.only())["cves"] == ["CVE-2024-1000"]
    await space.check()


@pytest.mark.parametrize("wrong", ["twice", "dry", "unknown", "forgotten"])
async def test_what_cannot_be_taken_back_is_refused(space, run_job, wrong):
    data = scan(Item(), at=1)
    if wrong == "dry":
        headers = {"X-Filename": "scan.nessus", "Prefer": "wait=60"}
        answer = await space.call("POST", "/imports?dryRun=true", data=data, headers=headers)
        import_id = answer.body["result"]["importId"]
    else:
        import_id = (await space.take(data))["importId"]
    if wrong == "twice":
        await space.revert(import_id)
    if wrong == "unknown":
        import_id = "01a21685-14aa-7df3-9a9c-108bc3af010d"
    if wrong == "forgotten":
        async with space.kernel.database.owner(space.tenant.schema) as unit:
            await unit.connection.execute("UPDATE exposure_import SET merged_at = now() - interval '91 days'")
        assert await run_job("exposure.forget_reverts", space.tenant) == {"imports": 1}
    was = await space.snapshot()
    answer = await space.call("POST", f"/imports/{import_id}/revert")
    expected = (404, "NOT_FOUND") if wrong == "unknown" else (409, "NOT_REVERTIBLE")
    assert (answer.status, answer.body["code"]) == expected
    assert await space.snapshot() == was
