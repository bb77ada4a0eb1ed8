"""An asset that is two: identifiers go, and the findings reported under them follow."""

import pytest
from exposure_reports import Host, Item, day, nessus
from merge_scans import assets, found, scan


@pytest.fixture
async def confused(space):
    """Two hosts that were taken for one, for they had one address after the other."""

    def report(name, *items, at):
        tags = {"host-ip": "10.0.0.9", **({"host-fqdn": name} if name else {})}
        return nessus(Host(name="10.0.0.9", items=items, end=day(at), tags=tags), checks=(1001, 1002, 1003))

    await space.take(report("", Item(plugin=1001), Item(plugin=1002), at=1))
    await space.take(report("b.example.com", Item(plugin=1001), Item(plugin=1003), at=2))
    (row,) = await space.walk("/assets")
    return row["id"], report


async def test_findings_follow_the_identifiers(space, confused):
    asset, _ = confused
    await space.call("PUT", f"/assets/{asset}/tags", json={"tags": ["web"]})
    was = await space.state()
    done = await space.split(asset, ("fqdn", "b.example.com"))
    (new,) = done["others"]
    assert (done["moved"], done["copied"]) == (1, 1)
    assert set(await found(space, assetId=asset)) == {1001, 1002}
    assert set(await found(space, assetId=new)) == {1001, 1003}
    one = (await space.get(f"/assets/{asset}"))["data"]
    other = (await space.get(f"/assets/{new}"))["data"]
    assert (one["name"], one["fqdn"], other["name"], other["fqdn"]) == (
        "10.0.0.9",
        None,
        "b.example.com",
        "b.example.com",
    )
    assert (one["ip"], other["ip"], other["tags"]) == ("10.0.0.9", None, ["web"])
    names = (await space.get(f"/assets/{asset}/identifiers"))["data"]
    assert [(n["value"], n["movedTo"], n["validTo"] is None) for n in names] == [
        ("10.0.0.9", None, True),
        ("b.example.com", new, False),
    ]
    await space.check()
    tried = await space.undo(done["id"], dry_run=True)
    undone = await space.undo(done["id"])
    assert undone == {**tried, "dryRun": False}
    assert (undone["moved"], undone["restored"]) == (1, 1)
    await space.is_again(was)


async def test_later_reports_are_of_the_asset_they_name(space, confused):
    asset, report = confused
    (new,) = (await space.split(asset, ("fqdn", "b.example.com")))["others"]
    await space.take(report("b.example.com", Item(plugin=1003), at=3))
    await space.take(report("", Item(plugin=1002), at=4))
    assert {n: row["state"] for n, row in (await found(space, assetId=new)).items()} == {
        1001: "fixed",
        1003: "open",
    }
    assert {n: row["state"] for n, row in (await found(space, assetId=asset)).items()} == {
        1001: "fixed",
        1002: "reopened",  # the report of the other host had closed it
    }


async def test_what_the_new_one_came_to_is_merged_back(space, confused):
    asset, report = confused
    done = await space.split(asset, ("fqdn", "b.example.com"))
    taken = await space.take(report("b.example.com", Item(plugin=1001, severity=4), Item(plugin=1002), at=3))
    undone = await space.undo(done["id"])
    assert (undone["moved"], undone["restored"]) == (1, 2)
    rows = await found(space)
    assert {n: (row["severity"], row["state"]) for n, row in rows.items()} == {
        1001: ("CRITICAL", "open"),
        1002: ("MEDIUM", "open"),
        1003: ("MEDIUM", "fixed"),
    }
    assert {row["assetId"] for row in rows.values()} == {asset}
    assert (await space.revert(taken["importId"]))["keptForDecisions"] == 0
    gone = await space.call("GET", f"/assets/{done['others'][0]}")
    assert (gone.status, gone.body["into"]) == (410, asset)


async def test_a_merge_can_be_split_anew(space):
    await space.take(scan("a", Item(plugin=1001), Item(plugin=1002), at=1))
    await space.take(scan("b", Item(plugin=1001), Item(plugin=1003), at=2))
    known = await assets(space)
    await space.merge(known["a"], known["b"])
    done = await space.split(known["a"], ("fqdn", "b.example.com"))
    assert set(await found(space, assetId=known["a"])) == {1001, 1002}
    assert set(await found(space, assetId=done["others"][0])) == {1001, 1003}


async def test_what_cannot_be_split(space, confused):
    asset, _ = confused
    nobody = "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"
    fqdn, ip = {"kind": "fqdn", "value": "b.example.com"}, {"kind": "ip", "value": "10.0.0.9"}
    for target, identifiers, status in (
        (nobody, [ip], 404),
        (asset, [fqdn, ip], 422),
        (asset, [{"kind": "fqdn", "value": "c.example.com"}], 422),
        (asset, [{"kind": "name", "value": "c"}], 400),
        (asset, [], 400),
    ):
        answer = await space.call("POST", f"/assets/{target}/split", json={"identifiers": identifiers})
        assert answer.status == status, identifiers
    was = await space.snapshot()
    assert (await space.split(asset, ("ip", "10.0.0.9"), dryRun=True))["moved"] >= 1
    assert await space.snapshot() == was
