"""Days of a small inventory, as events date them."""

from datetime import UTC, datetime, timedelta

from exposure_once import once
from exposure_reports import Host, Item, day, nessus

CHECKS = range(1001, 1100)


def ago(days=0):
    """A day in UTC, as it is on the wire."""
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


def scan(found, *, at, name="10.0.0.1"):
    """A report of one host that covers every check: plugin → severity; whatever is missing is gone."""
    items = [Item(plugin=plugin, severity=severity) for plugin, severity in found.items()]
    return nessus(Host(name=name, items=items, end=day(at)), checks=CHECKS)


async def days_pass(space, count):
    """Let all that was written down have been so many days earlier."""
    await space.days_pass(count)


async def accept(space, identifier):
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    answer = await space.call("POST", f"/vulnerabilities/{identifier}/accept-risk", json=body)
    assert answer.status == 200, answer


@once
async def four_days(space):
    """1001 goes and comes back; 1003 comes and goes, 1004 on one day; 1002 is accepted for a moment."""
    await space.take(scan({1001: 4, 1002: 2}, at=1))
    await days_pass(space, 1)
    await space.take(scan({1002: 2}, at=2))
    await days_pass(space, 1)
    await space.take(scan({1001: 4, 1002: 2, 1003: 1}, at=3))
    await days_pass(space, 1)
    await space.take(scan({1001: 4, 1002: 2, 1004: 3}, at=4))
    await space.take(scan({1001: 4, 1002: 2}, at=5))
    (row,) = await space.vulnerabilities(pluginId=1002)
    await accept(space, row["id"])
    await space.call("POST", f"/vulnerabilities/{row['id']}/reopen")


async def data(space, path, **params):
    return (await space.get(f"/dashboard/{path}", **params))["data"]
