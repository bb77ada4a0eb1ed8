"""From one scan to the next: created, updated, unchanged, reopened, and what an older report may not do."""

import pytest
from exposure_reports import CRITICAL, Host, Item, day, nessus, weaver


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


def scan(*items, on=1, checks=(1001, 1002, 1003), **options):
    return nessus(Host(items=items, end=day(on), **options), checks=checks)


async def test_first_sighting_is_created_with_the_dates_of_the_scan(space):
    assert await space.counts(scan(Item())) == {"created": 1}
    seen = await space.only()
    assert (seen["state"], seen["firstSeen"], seen["lastSeen"]) == (
        "open",
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00Z",
    )
    assert (seen["output"], seen["service"], seen["protocol"]) == ("seen", "www", "tcp")


async def test_same_finding_a_day_later_is_unchanged_and_seen_later(space):
    await space.take(scan(Item()))
    assert await space.counts(scan(Item(), on=2)) == {"unchanged": 1}
    seen = await space.only()
    assert (seen["firstSeen"], seen["lastSeen"]) == ("2024-05-01T12:00:00Z", "2024-05-02T12:00:00Z")


async def test_what_differs_is_updated_once(space):
    cases = {
        1001: (Item(plugin=1001, severity=4), {"severity": "CRITICAL", "riskScore": CRITICAL}),
        1002: (Item(plugin=1002, output="seen again"), {"output": "seen again"}),
        1003: (Item(plugin=1003, output=None), {"output": ""}),
        1004: (Item(plugin=1004, service="http-proxy"), {"service": "http-proxy"}),
        1005: (Item(plugin=1005, cvss3=9.1), {"riskScore": weaver(cvss=91), "cvss3Score": 9.1}),
    }
    changed = [item for item, _ in cases.values()]
    await space.take(scan(*(Item(plugin=plugin) for plugin in cases)))
    assert await space.counts(scan(*changed, on=2)) == {"updated": 5}
    for plugin, (_, shown) in cases.items():
        seen = await space.only(pluginId=plugin)
        assert {name: seen[name] for name in shown} == shown
        assert seen["state"] == "open"
    assert await space.counts(scan(*changed, on=2)) == {"unchanged": 5}


async def test_severity_change_moves_the_key_figures(space):
    await space.take(scan(Item(severity=2), Item(severity=2, port=80)))
    await space.take(scan(Item(severity=4), Item(severity=2, port=80), on=2))
    kpis = await space.get("/dashboard/kpis")
    assert (kpis["critical"], kpis["medium"], kpis["riskScore"]) == (1, 1, CRITICAL)


async def test_fixed_and_seen_again_is_reopened(space):
    await space.take(scan(Item()))
    assert await space.counts(scan(on=2)) == {"closed": 1}
    assert (await space.only())["fixedAt"] == "2024-05-02T12:00:00Z"
    assert await space.counts(scan(Item(output="back"), on=3)) == {"reopened": 1}
    seen = await space.only()
    assert (seen["state"], seen["fixedAt"], seen["output"]) == ("reopened", None, "back")
    assert (seen["firstSeen"], seen["lastSeen"]) == ("2024-05-01T12:00:00Z", "2024-05-03T12:00:00Z")
    assert await space.counts(scan(on=4)) == {"closed": 1}


async def test_older_report_changes_nothing_that_is_known(space):
    await space.take(scan(Item(severity=3, output="new"), on=5))
    before = await space.snapshot()
    assert await space.counts(scan(Item(severity=1, output="old"), on=4)) == {"unchanged": 1}
    assert await space.snapshot() == before


async def test_older_report_closes_nothing(space):
    await space.take(scan(Item(), on=5))
    assert await space.counts(scan(on=4)) == {}
    assert (await space.only())["state"] == "open"


async def test_older_report_does_not_reopen_what_was_fixed_later(space):
    await space.take(scan(Item(), on=1))
    await space.take(scan(on=5))
    assert await space.counts(scan(Item(), on=3)) == {"unchanged": 1}
    assert (await space.only())["state"] == "fixed"


async def test_older_report_adds_what_nobody_knew(space):
    await space.take(scan(Item(), on=5))
    assert await space.counts(scan(Item(), Item(plugin=1002), on=4)) == {"created": 1, "unchanged": 1}
    assert (await space.only(pluginId=1002))["firstSeen"] == "2024-05-04T12:00:00Z"


async def test_older_report_does_not_rewrite_a_definition(space):
    await space.take(scan(Item(vpr=9.0, cvss3=9.0), on=5))
    await space.take(nessus(Host(name="10.0.0.2", items=[Item(vpr=1.0, cvss3=9.0)], end=day(4))))
    scores = {row["assetIp"]: row["riskScore"] for row in await space.vulnerabilities()}
    assert scores == {"10.0.0.1": weaver(cvss=90, vpr=90), "10.0.0.2": weaver(cvss=90, vpr=90)}
    assert (await space.only(search="10.0.0.2"))["vprScore"] == 9.0


async def test_report_without_dates_happened_when_it_first_came_in(space):
    undated = nessus(Host(items=[Item()], end=None))
    assert await space.counts(undated) == {"created": 1}
    before = await space.snapshot()
    assert await space.counts(undated) == {"unchanged": 1}
    assert await space.snapshot() == before


async def test_report_from_the_future_is_dated_no_later_than_tomorrow(space):
    """A scanner's wrong clock must not keep every later report from closing what it saw."""
    await space.take(scan(Item(), on=365 * 200))
    (asset,) = await space.walk("/assets")
    (import_,) = await space.walk("/imports")
    assert asset["lastSeen"][:4] <= str(int(import_["createdAt"][:4]) + 1)
    assert await space.counts(scan(Item(), on=365 * 200)) == {"unchanged": 1}
