"""When a finding that is missing counts as gone: only where the report proves it."""

from time import perf_counter

import pytest
from exposure_reports import Host, Item, day, nessus


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


FIRST = nessus(Host(items=[Item(), Item(plugin=1002)], end=day(1)), checks=[1001, 1002])


async def test_gone_on_a_finished_host_whose_check_ran_is_fixed(space):
    await space.take(FIRST)
    later = nessus(Host(items=[Item(plugin=1002)], end=day(2)), checks=[1001, 1002])
    assert await space.counts(later) == {"unchanged": 1, "closed": 1}
    assert await space.states() == {(1001, 443): "fixed", (1002, 443): "open"}
    assert await space.counts(later) == {"unchanged": 1}


async def test_what_is_missing_without_proof_is_unobserved_until_it_is_seen_or_proven_gone(space):
    await space.take(FIRST)
    partial = nessus(Host(items=[Item()], end=day(2)), checks=[1001])
    assert (await space.take(partial))["unobserved"] == 1
    assert (await space.take(partial))["unobserved"] == 0
    await space.take(nessus(Host(items=[Item()], end=day(3)), checks=[1001]))
    (row,) = await space.vulnerabilities(unobserved="true")
    assert (row["check"], row["state"], row["unobservedSince"][:10]) == ("1002", "open", "2024-05-02")
    assert len(await space.vulnerabilities(unobserved="false")) == 1
    await space.take(nessus(Host(items=[Item(plugin=1002)], end=day(4)), checks=[1002]))
    (row,) = await space.vulnerabilities(unobserved="true")
    assert row["check"] == "1001"
    await space.take(nessus(Host(end=day(5)), checks=[1001, 1002]))
    assert await space.vulnerabilities(unobserved="true") == []
    assert set((await space.states()).values()) == {"fixed"}


async def test_a_scan_that_does_not_say_whether_it_had_a_login_counts_as_one_without(space):
    await space.take(nessus(Host(items=[Item()], end=day(1), credentialed=True), checks=[1001]))
    result = await space.take(nessus(Host(end=day(2), credentialed=None), checks=[1001]))
    assert (result["closed"], result["unobserved"]) == (0, 1)


async def test_an_older_scan_does_not_bring_back_into_sight(space):
    await space.take(nessus(Host(items=[Item()], end=day(2)), checks=[1001]))
    await space.take(nessus(Host(end=day(4)), checks=[1002]))
    await space.take(nessus(Host(items=[Item(output="other")], end=day(3)), checks=[1001]))
    (row,) = await space.vulnerabilities(unobserved="true")
    assert (row["unobservedSince"][:10], row["lastSeen"][:10]) == ("2024-05-04", "2024-05-03")


async def test_check_that_did_not_run_proves_nothing(space):
    await space.take(FIRST)
    assert await space.counts(nessus(Host(end=day(2)), checks=[1002])) == {"closed": 1}
    assert await space.states() == {(1001, 443): "open", (1002, 443): "fixed"}


async def test_report_that_does_not_say_what_it_ran_proves_nothing(space):
    await space.take(FIRST)
    assert await space.counts(nessus(Host(end=day(2)), checks=None)) == {}
    assert set((await space.states()).values()) == {"open"}


async def test_unfinished_host_proves_nothing(space):
    await space.take(FIRST)
    assert await space.counts(nessus(Host(start=day(2), end=None), checks=[1001, 1002])) == {}


async def test_scan_of_the_same_time_proves_nothing(space):
    await space.take(FIRST)
    assert await space.counts(nessus(Host(end=day(1)), checks=[1001, 1002])) == {}


async def test_absent_host_loses_nothing(space):
    await space.take(
        nessus(
            Host(items=[Item()], end=day(1)), Host(name="10.0.0.2", items=[Item()], end=day(1)), checks=[1001]
        )
    )
    assert await space.counts(nessus(Host(name="10.0.0.2", end=day(2)), checks=[1001])) == {"closed": 1}
    assert {row["assetIp"]: row["state"] for row in await space.vulnerabilities()} == {
        "10.0.0.1": "open",
        "10.0.0.2": "fixed",
    }


async def test_credentials_must_be_as_good_as_at_the_last_sighting(space):
    cases = [
        (True, True, 1),
        (True, False, 0),
        (True, None, 0),
        (False, False, 1),
        (False, None, 1),
        (None, None, 1),
        (None, False, 1),
        (False, True, 1),
    ]
    hosts = [f"10.0.0.{number}" for number in range(1, len(cases) + 1)]
    seen = [
        Host(name=name, items=[Item()], end=day(1), credentialed=before)
        for name, (before, _, _) in zip(hosts, cases, strict=True)
    ]
    await space.take(nessus(*seen, checks=[1001]))
    later = [
        Host(name=name, end=day(2), credentialed=after)
        for name, (_, after, _) in zip(hosts, cases, strict=True)
    ]
    result = await space.take(nessus(*later, checks=[1001]))
    assert result["closed"] == sum(closed for _, _, closed in cases)
    assert {row["assetIp"]: row["state"] for row in await space.vulnerabilities()} == {
        name: "fixed" if closed else "open" for name, (_, _, closed) in zip(hosts, cases, strict=True)
    }


async def test_moved_to_another_port_closes_the_old_place(space):
    await space.take(nessus(Host(items=[Item(port=80)], end=day(1)), checks=[1001]))
    moved = nessus(Host(items=[Item(port=8080)], end=day(2)), checks=[1001])
    assert await space.counts(moved) == {"created": 1, "closed": 1}
    assert await space.states() == {(1001, 80): "fixed", (1001, 8080): "open"}


async def test_reopened_is_fixed_again(space):
    for number in range(1, 6, 2):
        await space.take(nessus(Host(items=[Item()], end=day(number)), checks=[1001]))
        assert await space.counts(nessus(Host(end=day(number + 1)), checks=[1001])) == {"closed": 1}


async def test_accepted_stays_accepted_while_seen_and_is_fixed_once_gone(space):
    await space.take(nessus(Host(items=[Item()], end=day(1)), checks=[1001]))
    found = await space.only()
    answer = await space.call(
        "POST",
        f"/vulnerabilities/{found['id']}/accept-risk",
        json={"until": "2099-01-01T00:00:00Z", "reason": "behind a firewall"},
    )
    assert answer.status == 200
    seen = nessus(Host(items=[Item(output="other", severity=3)], end=day(2)), checks=[1001])
    assert await space.counts(seen) == {"updated": 1}
    accepted = await space.only()
    assert (accepted["state"], accepted["severity"]) == ("accepted", "HIGH")
    assert accepted["acceptance"]["reason"] == "behind a firewall"
    assert await space.counts(nessus(Host(end=day(3)), checks=[1001])) == {"closed": 1}
    gone = await space.only()
    assert (gone["state"], gone["acceptance"]) == ("fixed", None)
    back = nessus(Host(items=[Item()], end=day(4)), checks=[1001])
    assert await space.counts(back) == {"reopened": 1}
    assert (await space.only())["acceptance"] is None


async def test_one_hundred_thousand_checks_on_one_connection(space):
    """The plan of the closing statement must not go bad once PostgreSQL has seen it a few times."""
    many = range(1000, 101_000)
    for number in range(1, 9):
        items = [Item(plugin=plugin, output=None) for plugin in range(1001, 1001 + 400)] if number % 2 else []
        result = await space.take(nessus(Host(items=items, end=day(number)), checks=many))
        assert result["closed"] == (0 if number % 2 else 400)


async def test_closing_ten_thousand_costs_about_what_creating_them_cost(space):
    """Nothing may be searched again for each row: this statement once took minutes."""
    items = [Item(plugin=plugin, port=port, output=None) for plugin in range(1, 1001) for port in range(10)]
    full, bare = nessus(Host(items=items, end=day(1))), nessus(Host(end=day(2)), checks=range(1, 1001))
    seconds = []
    for report in (full, bare):
        started = perf_counter()
        await space.take(report)
        seconds.append(perf_counter() - started)
    assert await space.sql("SELECT state, total FROM exposure_rollup") == [{"state": 3, "total": 10_000}]
    assert seconds[1] < 6 * seconds[0]
