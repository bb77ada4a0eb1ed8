"""Tags and groups by rule: they hold what a filter of the list chooses, whatever comes, goes and changes."""

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, day, nessus

from threatweaver_exposure.assets import rules

KINDS = ["/tags", "/asset-groups"]
HELD = {"/tags": "tag", "/asset-groups": "assetGroup"}


def host(number, *, os="Debian 12", on=1, **tags):
    said = {"host-fqdn": f"web{number}.example.com", "host-ip": f"10.0.0.{number}", "operating-system": os}
    return Host(name=f"web{number}", items=[Item(severity=4)], end=day(on), tags=said | tags)


@pytest_asyncio.fixture(loop_scope="session")
async def park(space):
    await space.take(nessus(host(1), host(2, os="Windows 11"), host(3)))
    space.assets = {int(row["ip"][-1]): row["id"] for row in await space.walk("/assets")}
    return space


async def make(space, path, rule=None):
    made = (await space.call("POST", path, json={"name": f"ruled{path.replace('/', '-')}"})).body["data"]
    assert made["rule"] is None
    if rule:
        assert (await put(space, path, made["id"], rule)).status == 200
    return made["id"]


async def put(space, path, holder, rule, **more):
    return await space.call("PUT", f"{path}/{holder}/rule", json={"rule": rule, **more})


async def held(space, path, holder):
    """The last numbers of the addresses of what something holds, by both ways of asking."""
    within = f"{path}/{holder}/{'assets' if path == '/tags' else 'members'}"
    found = {int(row["ip"][-1]) for row in await space.walk(within)}
    (row,) = [row for row in await space.walk(path) if row["id"] == holder]
    asked = {HELD[path]: row["name"] if path == "/tags" else holder}
    assert {int(row["ip"][-1]) for row in await space.walk("/assets", **asked)} == found
    return found


async def by_hand(space, path, holder, *numbers, remove=False):
    verbs = ("assets", "remove-assets") if path == "/tags" else ("members", "remove-members")
    body = {"assetIds": [space.assets[number] for number in numbers]}
    answer = await space.call("POST", f"{path}/{holder}/{verbs[remove]}", json=body)
    assert answer.status == 200, answer
    return answer.body["data"]


@pytest.mark.parametrize("path", KINDS)
async def test_a_rule_holds_what_its_filter_lists(park, path):
    holder = await make(park, path)
    for rule, numbers, counts in (
        ({"ip": "10.0.0.0/31"}, {1}, (1, 1, 0)),
        ({"search": "web"}, {1, 2, 3}, (3, 2, 0)),
        ({"operatingSystem": "windows"}, {2}, (1, 0, 2)),
        ({"search": "web", "notOperatingSystem": "windows"}, {1, 3}, (2, 2, 1)),
        (None, set(), (0, 0, 2)),
    ):
        before = await held(park, path, holder)
        tried = await put(park, path, holder, rule, dryRun=True)
        assert tried.status == 200, tried
        assert await held(park, path, holder) == before
        done = (await put(park, path, holder, rule)).body
        assert (done["assets"], done["added"], done["removed"]) == counts
        assert tried.body == {**done, "dryRun": True}
        assert await held(park, path, holder) == numbers
        told = (await park.get(f"{path}/{holder}"))["data"]
        (listed,) = [row for row in await park.walk(path) if row["id"] == holder]
        assert told["rule"] == listed["rule"] == rule == done["rule"]
        await park.recount()


@pytest.mark.parametrize("path", KINDS)
async def test_what_was_put_there_by_hand_stays(park, path):
    holder = await make(park, path)
    await by_hand(park, path, holder, 1, 2)
    assert (await put(park, path, holder, {"ip": "10.0.0.2/31"})).body["added"] == 1
    assert await held(park, path, holder) == {1, 2, 3}
    await by_hand(park, path, holder, 3)  # what the rule chose is by hand now, too
    assert (await put(park, path, holder, None)).body["removed"] == 0
    assert await held(park, path, holder) == {1, 2, 3}


@pytest.mark.parametrize("path", KINDS)
async def test_what_a_rule_put_there_is_not_taken_off_by_hand(park, path):
    holder = await make(park, path, {"search": "web"})
    await by_hand(park, path, holder, 1, 2, remove=True)
    assert await held(park, path, holder) == {1, 2, 3}
    if path == "/tags":
        answer = await park.call("PUT", f"/assets/{park.assets[1]}/tags", json={"tags": ["other"]})
        assert answer.body["data"]["tags"] == ["other", "ruled-tags"]


@pytest.mark.parametrize("path", KINDS)
async def test_imports_and_reverts_are_followed(park, path):
    holder = await make(park, path, {"operatingSystem": "windows"})
    done = await park.take(nessus(host(1, os="Windows 11", on=2), host(4, os="Windows 11", on=2)))
    assert await held(park, path, holder) == {1, 2, 4}
    await park.take(nessus(host(2, on=3)))
    assert await held(park, path, holder) == {1, 4}
    await park.revert(done["importId"])
    assert await held(park, path, holder) == set()
    assert len(await park.walk("/assets")) == 3  # what only a rule held does not keep the asset
    await park.recount()


@pytest.mark.parametrize("path", KINDS)
async def test_merges_splits_and_what_undoes_them_are_followed(park, path):
    holder = await make(park, path, {"search": "web2"})
    merged = await park.merge(park.assets[1], park.assets[2])
    assert await held(park, path, holder) == {1}
    answer = await park.call("POST", f"/assets/merges/{merged['id']}/undo")
    assert answer.status == 200, answer
    assert await held(park, path, holder) == {2}
    await park.merge(park.assets[1], park.assets[2])
    await park.split(park.assets[1], ("fqdn", "web2.example.com"), ("ip", "10.0.0.2"))
    assert await held(park, path, holder) == {2}
    await park.recount()


@pytest.mark.parametrize("path", KINDS)
async def test_what_people_say_of_assets_is_followed(park, path):
    holder = await make(park, path, {"exposure": "internet"})
    for exposure, numbers in (("internet", {2}), ("isolated", set())):
        answer = await park.call("PATCH", f"/assets/{park.assets[2]}", json={"exposure": exposure})
        assert answer.status == 200, answer
        assert await held(park, path, holder) == numbers


async def test_a_gate_knows_the_tags_of_new_assets(park):
    await make(park, "/tags", {"search": "web"})
    headers = {"X-Filename": "scan.nessus", "Prefer": "wait=60"}
    params = {"gate": "notTag=ruled-tags"}
    answer = await park.call("POST", "/imports", data=nessus(host(9)), headers=headers, params=params)
    assert answer.body["result"]["gate"]["verdict"] == "pass"


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({}, "rule"),
        ({"severity": "HIGH"}, "rule.severity"),
        ({"tag": "web"}, "rule.tag"),
        ({"notAssetGroup": "018f3a2e-7b1c-7d4e-9a5f-0123456789ab"}, "rule.notAssetGroup"),
        ({"ip": "10.0.0.0/99"}, "rule.ip"),
        ({"serch": "web"}, "rule.serch"),
        ({"page": "2"}, "rule.page"),
        ("web", "rule"),
    ],
    ids=str,
)
async def test_what_is_no_rule_is_refused(park, path, rule, field):
    holder = await make(park, path, {"search": "web"})
    answer = await put(park, path, holder, rule)
    assert answer.status == 400, answer
    assert [detail["field"] for detail in answer.body["details"]] == [field]
    assert await held(park, path, holder) == {1, 2, 3}


@pytest.mark.parametrize("path", KINDS)
async def test_rules_are_of_something_and_not_too_many(park, path, unknown_id, monkeypatch):
    assert (await put(park, path, unknown_id, {"search": "web"})).status == 404
    monkeypatch.setattr(rules, "MOST", 0)
    holder = await make(park, path)
    answer = await put(park, path, holder, {"search": "web"})
    assert answer.status == 422, answer
    assert await held(park, path, holder) == set()
    assert (await park.get(f"{path}/{holder}"))["data"]["rule"] is None
