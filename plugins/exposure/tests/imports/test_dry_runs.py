"""A dry run says exactly what an import would do, and does nothing."""

from exposure_reports import Host, Item, day, nessus
from exposure_space import COUNTS

CHECKS = (1001, 1002, 1003)


async def tried(space, data):
    headers = {"X-Filename": "scan.nessus", "Prefer": "wait=60"}
    answer = await space.call("POST", "/imports?dryRun=true", data=data, headers=headers)
    assert answer.body["status"] == "completed", answer
    return answer.body["result"]


def scan(*items, at):
    return nessus(Host(items=items, end=day(at)), checks=CHECKS)


async def test_it_says_what_the_import_then_does_and_changes_nothing(space):
    await space.take(scan(Item(plugin=1001), Item(plugin=1002, severity=1), at=1))
    report = scan(Item(plugin=1002, severity=4), Item(plugin=1003, severity=3), at=2)
    before = await space.snapshot()
    result = await tried(space, report)
    assert result["dryRun"] is True
    assert [(item["action"], item["check"], item["severity"]) for item in result["changes"]] == [
        ("updated", "1002", "CRITICAL"),
        ("created", "1003", "HIGH"),
        ("closed", "1001", "MEDIUM"),
    ]
    assert await space.snapshot() == before
    await space.check()
    assert (
        await space.sql(
            "SELECT name FROM notification_event WHERE data->>'importId' = $1", result["importId"]
        )
        == []
    )
    real = await space.take(report)
    assert {name: result[name] for name in COUNTS} == {name: real[name] for name in COUNTS}


async def test_it_is_listed_as_what_it_is(space):
    await tried(space, scan(Item(), at=1))
    await space.take(scan(Item(), at=1))
    listed = (await space.get("/imports", sort="createdAt"))["data"]
    assert [(item["dryRun"], item["created"]) for item in listed] == [(True, 1), (False, 1)]


async def test_it_does_not_date_a_report_that_has_no_date(space):
    report = nessus(Host(items=[Item()], end=None))
    await tried(space, report)
    await space.take(report)
    listed = (await space.get("/imports", sort="createdAt"))["data"]
    assert (await space.only())["firstSeen"][:19] == listed[1]["createdAt"][:19]


async def test_a_report_that_is_refused_is_refused(space):
    headers = {"X-Filename": "scan.nessus", "Prefer": "wait=60"}
    answer = await space.call("POST", "/imports?dryRun=true", data=b"nothing", headers=headers)
    assert (answer.status, answer.body["code"]) == (422, "REPORT_REFUSED")
