"""Alerts of saved filters: an import that brings what one chooses is told, once, and nothing else is."""

import pytest
from exposure_reports import Host, Item, day, nessus

from threatweaver_exposure.filters import service

FILTER = {
    "name": "web servers",
    "resource": "vulnerabilities",
    "query": {"search": "web", "severity": "CRITICAL,HIGH"},
    "shared": True,
    "alert": True,
}


def scan(*items, name="web1", at=1):
    return nessus(Host(name=name, items=items, end=day(at)), checks=range(1001, 1010))


def item(plugin, severity=4):
    return Item(plugin=1000 + plugin, severity=severity)


async def told(space, done):
    rows = await space.sql(
        """SELECT title, link, data->>'savedFilterId' AS filter, (data->>'matched')::int AS matched
           FROM notification_event WHERE name = 'exposure.filter_matched' AND data->>'importId' = $1
           ORDER BY title""",
        done["importId"],
    )
    return [(row["title"], row["matched"]) for row in rows], {(row["link"], row["filter"]) for row in rows}


async def save(space, **changes):
    answer = await space.call("POST", "/saved-filters", json=FILTER | changes)
    assert answer.status == 201, answer
    return answer.body["data"]["id"]


async def test_what_an_import_brings_is_told(space):
    saved = await save(space)
    await save(space, name="low", query={"severity": "LOW"})
    await save(space, name="silent", alert=False)
    done = await space.take(scan(item(1), item(2, 3), item(3, 2)))
    link = f"/vulnerabilities?savedFilter={saved}"
    assert await told(space, done) == ([("2 new: web servers", 2)], {(link, saved)})
    assert len((await space.get(link))["data"]) == 2
    done = await space.take(scan(item(1), item(2, 3), item(4, 1), at=2))
    assert (await told(space, done))[0] == [("1 new: low", 1)]
    assert (await told(space, await space.take(scan(item(1), at=3))))[0] == []
    done = await space.take(scan(item(1), item(2, 3), at=4))  # it comes back
    assert (await told(space, done))[0] == [("1 new: web servers", 1)]
    assert (await told(space, await space.take(scan(item(5), name="db1"))))[0] == []


async def test_a_dry_run_tells_nobody(space):
    await save(space)
    headers = {"X-Filename": "scan.nessus", "Prefer": "wait=60"}
    answer = await space.call("POST", "/imports?dryRun=true", data=scan(item(1)), headers=headers)
    assert (await told(space, answer.body["result"]))[0] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"shared": False},
        {"resource": "assets", "query": {"search": "web"}},
        {"query": {"severity": "HIGH", "asOf": "2024-05-01"}},
    ],
    ids=["own", "assets", "past"],
)
async def test_what_cannot_be_told_has_no_alert(space, changes):
    answer = await space.call("POST", "/saved-filters", json=FILTER | changes)
    assert answer.status == 400, answer
    assert [detail["field"] for detail in answer.body["details"]] == ["alert"]
    assert await space.walk("/saved-filters") == []
    if "resource" in changes:
        return
    saved = await save(space)
    answer = await space.call("PUT", f"/saved-filters/{saved}", json=changes)
    assert answer.status == 400, answer
    assert (
        await space.call("PUT", f"/saved-filters/{saved}", json={**changes, "alert": False})
    ).status == 200


async def test_there_are_not_too_many(space, monkeypatch):
    monkeypatch.setattr(service, "MOST_ALERTS", 1)
    saved = await save(space)
    answer = await space.call("POST", "/saved-filters", json=FILTER | {"name": "another"})
    assert answer.status == 400, answer
    assert (await space.call("PUT", f"/saved-filters/{saved}", json={"name": "same"})).status == 200
    assert [row["name"] for row in await space.walk("/saved-filters", alert="true")] == ["same"]
