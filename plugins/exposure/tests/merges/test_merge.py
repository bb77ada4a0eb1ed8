"""Assets that are one: what they are known by and what was found on them, together."""

from exposure_reports import Item
from merge_scans import accept, assets, found, scan


async def test_findings_move_and_those_of_one_place_are_one(space):
    await space.take(scan("a", Item(plugin=1001), Item(plugin=1002), at=1))
    await space.take(scan("b", Item(plugin=1002, severity=4, output="more"), Item(plugin=1003), at=2))
    known = await assets(space)
    first = (await found(space, assetId=known["a"]))[1002]
    done = await space.merge(known["a"], known["b"])
    assert (done["moved"], done["joined"], done["copied"]) == (1, 1, 0)
    assert [(row["id"], row["states"], row["state"]) for row in done["joins"]] == [
        (first["id"], ["open", "open"], "open")
    ]
    assert await assets(space) == {"a": known["a"]}
    rows = await found(space)
    assert set(rows) == {1001, 1002, 1003}
    assert {row["assetId"] for row in rows.values()} == {known["a"]}
    one = (await space.get(f"/vulnerabilities/{first['id']}"))["data"]
    assert (one["severity"], one["output"], one["firstSeen"]) == ("CRITICAL", "more", first["firstSeen"])
    assert one["lastSeen"] > first["lastSeen"]
    detail = (await space.get(f"/assets/{known['a']}"))["data"]
    assert detail["worstSeverity"] == "CRITICAL"
    assert detail["openVulnerabilities"]["total"] == 3


async def test_the_history_of_both_is_that_of_the_one(space):
    await space.take(scan("a", Item(), at=1), name="a.nessus")
    await space.take(scan("b", Item(), at=2), name="b.nessus")
    known = await assets(space)
    ids = {row["assetId"]: row["id"] for row in await space.vulnerabilities()}
    await space.merge(known["a"], known["b"])
    events = (await space.get(f"/vulnerabilities/{ids[known['a']]}/history"))["data"]
    a, b = ids[known["a"]], ids[known["b"]]
    assert {(row["vulnerabilityId"], row["action"], row["filename"]) for row in events} == {
        (a, "created", "a.nessus"),
        (b, "created", "b.nessus"),
        (a, "merged", None),
        (b, "withdrawn", None),
    }
    feed = [
        (row["vulnerabilityId"], row["action"], row["state"]) for row in (await space.get("/changes"))["data"]
    ]
    assert set(feed[2:]) == {(a, "merged", "open"), (b, "withdrawn", "withdrawn"), (None, "merged", None)}


async def test_the_feed_tells_that_the_other_asset_is_gone(space):
    await space.take(scan("a", Item(), at=1))
    await space.take(scan("b", Item(), at=2))
    known = await assets(space)
    tried = await space.merge(known["a"], known["b"], dryRun=True)
    assert tried["dryRun"]
    assert not [row for row in (await space.get("/changes"))["data"] if row["entity"] == "asset"]
    await space.merge(known["a"], known["b"])
    (gone,) = [row for row in (await space.get("/changes"))["data"] if row["entity"] == "asset"]
    assert (gone["assetId"], gone["deleted"], gone["action"]) == (known["b"], True, "merged")


# The states of two that become one, and its own.
STATES = [
    ("open", "fixed", "open"),
    ("fixed", "open", "open"),
    ("open", "accepted", "open"),
    ("accepted", "accepted", "accepted"),
    ("accepted", "fixed", "accepted"),
    ("reopened", "open", "reopened"),
    ("fixed", "fixed", "fixed"),
]


async def brought_to(space, name, states):
    """Let a host have vulnerabilities in these states, by plugin."""
    for at, gone in ((1, ()), (2, ("fixed", "reopened")), (3, ("fixed",))):
        items = [Item(plugin=plugin) for plugin, state in states.items() if state not in gone]
        await space.take(scan(name, *items, at=at, checks=tuple(states)))
    rows = await found(space, search=f"{name}.example.com")
    until = {"a": "2098-01-01T00:00:00+00:00", "b": "2097-01-01T00:00:00+00:00"}[name]
    for plugin, state in states.items():
        if state == "accepted":
            await accept(space, rows[plugin]["id"], until=until)
    rows = await found(space, search=f"{name}.example.com")
    assert {plugin: row["state"] for plugin, row in rows.items()} == states


async def test_the_worst_state_holds(space):
    cases = dict(enumerate(STATES, start=1001))
    for side, name in enumerate("ab"):
        await brought_to(space, name, {plugin: case[side] for plugin, case in cases.items()})
    known, was = await assets(space), await space.state()
    done = await space.merge(known["a"], known["b"])
    assert done["joined"] == len(cases)
    rows = await found(space)
    assert {plugin: row["state"] for plugin, row in rows.items()} == {p: case[2] for p, case in cases.items()}
    for plugin, (one, other, both) in cases.items():
        acceptance = (await space.get(f"/vulnerabilities/{rows[plugin]['id']}"))["data"]["acceptance"]
        assert (acceptance is not None) == (both == "accepted"), (one, other)
        if (one, other) == ("accepted", "accepted"):
            assert acceptance["until"].startswith("2097")
    await space.undo(done["id"])
    await space.is_again(was)


async def test_identifiers_tags_and_groups_are_those_of_all(space):
    await space.take(scan("a", Item(), at=1, host_ip="10.0.0.1"), name="a.nessus")
    await space.take(scan("b", Item(), at=2, host_ip="10.0.0.2", netbios_name="B"), name="b.nessus")
    known = await assets(space)
    await space.call("PUT", f"/assets/{known['a']}/tags", json={"tags": ["web", "both"]})
    await space.call("PUT", f"/assets/{known['b']}/tags", json={"tags": ["both", "core"]})
    group = (await space.call("POST", "/asset-groups", json={"name": "g"})).body["data"]["id"]
    await space.call("POST", f"/asset-groups/{group}/members", json={"assetIds": [known["b"]]})
    await space.call("PATCH", f"/assets/{known['b']}", json={"criticality": 5})
    was = await space.state()
    done = await space.merge(known["a"], known["b"])
    row = (await space.get(f"/assets/{known['a']}"))["data"]
    assert (row["tags"], row["criticality"], row["netbios"]) == (["both", "core", "web"], 5, "B")
    assert [item["id"] for item in row["groups"]] == [group]
    names = (await space.get(f"/assets/{known['a']}/identifiers"))["data"]
    assert [(n["kind"], n["value"], n["filename"], n["validFrom"][:10], n["validTo"]) for n in names] == [
        ("fqdn", "a.example.com", "a.nessus", "2024-05-01", None),
        ("fqdn", "b.example.com", "b.nessus", "2024-05-02", None),
        ("netbios", "B", "b.nessus", "2024-05-02", None),
        ("ip", "10.0.0.1", "a.nessus", "2024-05-01", None),
        ("ip", "10.0.0.2", "b.nessus", "2024-05-02", None),
    ]
    weights = [n["weight"] for n in names]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > weights[2] > weights[3] == 1
    await space.undo(done["id"])
    await space.is_again(was)


async def test_later_reports_of_either_are_of_the_one(space):
    await space.take(scan("a", Item(), at=1))
    await space.take(scan("b", Item(), at=1))
    known = await assets(space)
    await space.merge(known["a"], known["b"])
    again = await space.take(scan("b", Item(), Item(plugin=1004), at=3))
    assert (again["created"], again["unchanged"]) == (1, 1)
    assert await assets(space) == {"b": known["a"]}  # the report that is the latest names it
    assert {row["assetId"] for row in await space.vulnerabilities()} == {known["a"]}


async def test_one_that_is_gone_says_where_it_is(space):
    for name in "abc":
        await space.take(scan(name, Item()))
    known = await assets(space)
    await space.merge(known["b"], known["c"])
    await space.merge(known["a"], known["b"])
    for gone in "bc":
        answer = await space.call("GET", f"/assets/{known[gone]}")
        assert (answer.status, answer.body["code"], answer.body["into"]) == (410, "ASSET_MERGED", known["a"])
    entries = (await space.get(f"/assets/{known['b']}/merges"))["data"]
    assert [(row["assetId"], row["others"], row["undoable"]) for row in entries] == [
        (known["a"], [known["b"]], True),
        (known["b"], [known["c"]], False),
    ]
    refused = await space.call("POST", f"/assets/merges/{entries[1]['id']}/undo")
    assert (refused.status, refused.body["code"], refused.body["later"]) == (
        409,
        "NOT_UNDOABLE",
        entries[0]["id"],
    )


async def test_a_trial_says_the_same_and_changes_nothing(space):
    await space.take(scan("a", Item(), Item(plugin=1002)))
    await space.take(scan("b", Item(), Item(plugin=1003)))
    known, was = await assets(space), await space.snapshot()
    tried = await space.merge(known["a"], known["b"], dryRun=True)
    assert await space.snapshot() == was
    assert tried["id"] is None
    done = await space.merge(known["a"], known["b"])
    assert {**done, "id": None, "dryRun": True} == tried
    was = await space.snapshot()
    tried = await space.undo(done["id"], dry_run=True)
    assert await space.snapshot() == was
    assert await space.undo(done["id"]) == {**tried, "dryRun": False}


async def test_what_cannot_be_merged(space):
    await space.take(scan("a", Item()))
    (asset,) = (await assets(space)).values()
    nobody = "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"
    for into, others, status in (
        (nobody, [asset], 404),
        (asset, [asset], 422),
        (asset, [nobody], 422),
        (asset, [], 400),
        (asset, [asset] * 51, 400),
    ):
        answer = await space.call("POST", f"/assets/{into}/merge", json={"assetIds": others})
        assert answer.status == status, (into, others)
    assert (await space.call("POST", f"/assets/merges/{nobody}/undo")).status == 404
