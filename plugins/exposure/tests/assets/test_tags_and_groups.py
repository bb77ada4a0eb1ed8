"""/tags and /asset-groups: the assets they hold, tagging many at once, merging, and figures by tag."""

from asyncio import gather
from dataclasses import replace

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, day, nessus

COUNTS = ("critical", "high", "medium", "low", "info")


def host(number, *severities):
    items = [Item(plugin=1000 + level, severity=level) for level in severities]
    return Host(name=f"10.0.0.{number}", items=items, end=day(1))


@pytest_asyncio.fixture(loop_scope="session")
async def park(space):
    """Four assets by the last number of their address, the worst of them with a critical finding."""
    await space.take(nessus(host(1, 4, 3, 0), host(2, 3, 2), host(3, 1), host(4)))
    space.assets = {int(row["ip"][-1]): row["id"] for row in await space.walk("/assets")}
    return space


async def make(space, name, *numbers, path="/tags"):
    """A tag, or another thing with a name, on some assets."""
    answer = await space.call("POST", path, json={"name": name})
    assert answer.status == 201, answer
    found = answer.body["data"]["id"]
    if numbers:
        assert (await put(space, found, *numbers)).status == 200
    return found


async def put(space, tag, *numbers, verb="assets"):
    body = {"assetIds": [space.assets[number] for number in numbers]}
    return await space.call("POST", f"/tags/{tag}/{verb}", json=body)


async def numbers(space, path, **params):
    return {int(row["ip"][-1]) for row in await space.walk(path, limit=1, **params)}


async def stats(space, **params):
    """Name of each tag → its assets and active vulnerabilities, the worst severity first."""
    rows = await space.walk("/tags/stats", limit=1, **params)
    assert await space.follow("/tags/stats", limit=1, **params) == rows
    for row in rows:
        assert row["openVulnerabilities"]["total"] == sum(row["openVulnerabilities"][name] for name in COUNTS)
    return {row["name"]: (row["assets"], [row["openVulnerabilities"][n] for n in COUNTS]) for row in rows}


async def test_a_tag_is_put_on_assets_and_taken_off(park):
    tag = await make(park, "web")
    steps = (
        ("assets", (1, 2, 2), {"assets": 2, "added": 2}, {1, 2}),
        ("assets", (2, 3), {"assets": 3, "added": 1}, {1, 2, 3}),
        ("assets", (3,), {"assets": 3, "added": 0}, {1, 2, 3}),
        ("remove-assets", (1, 4), {"assets": 2, "removed": 1}, {2, 3}),
        ("remove-assets", (2, 3), {"assets": 0, "removed": 2}, set()),
        ("remove-assets", (2,), {"assets": 0, "removed": 0}, set()),
    )
    for verb, chosen, counts, left in steps:
        answer = await put(park, tag, *chosen, verb=verb)
        assert (answer.status, answer.body["data"]) == (200, counts)
        assert await numbers(park, f"/tags/{tag}/assets") == left == await numbers(park, "/assets", tag="web")


async def test_all_of_the_assets_or_none(park, unknown_id):
    tag = await make(park, "web", 1)
    body = {"assetIds": [park.assets[2], str(unknown_id)]}
    answer = await park.call("POST", f"/tags/{tag}/assets", json=body)
    assert (answer.status, answer.body["code"]) == (422, "UNPROCESSABLE")
    assert await numbers(park, f"/tags/{tag}/assets") == {1}
    answer = await park.call("POST", f"/tags/{tag}/remove-assets", json=body)
    assert answer.body["data"] == {"assets": 1, "removed": 0}


async def test_ten_thousand_assets_at_once_and_not_one_more(space):
    await space.take(nessus(*(Host(name=f"10.9.{n // 250}.{n % 250}", end=day(1)) for n in range(300))))
    ids = [row["id"] for row in await space.walk("/assets", limit=500)]
    tag = await make(space, "all")
    answer = await space.call("POST", f"/tags/{tag}/assets", json={"assetIds": ids * 33})
    assert (answer.status, answer.body["data"]) == (200, {"assets": 300, "added": 300})
    for bad in ({"assetIds": [ids[0]] * 10_001}, {"assetIds": []}, {}, {"assetIds": ["x"]}):
        for verb in ("assets", "remove-assets"):
            assert (await space.call("POST", f"/tags/{tag}/{verb}", json=bad)).status == 400


async def test_the_assets_of_a_tag_take_the_parameters_of_the_list(park):
    tag = await make(park, "web", 1, 2, 4)
    await make(park, "prod", 2, 3)
    path = f"/tags/{tag}/assets"
    assert await park.walk(path, sort="name") == await park.walk("/assets", tag="web", sort="name")
    assert await park.follow(path, limit=1) == await park.walk(path)
    assert await numbers(park, path, severity="HIGH") == {2}
    assert await numbers(park, path, tag="prod") == {2}
    assert (await park.refusal(path, state="open"))["details"][0]["field"] == "state"


async def test_merging_moves_the_assets_and_ends_the_tag(park):
    old, new = await make(park, "prod", 1, 2), await make(park, "production", 2, 3)
    answer = await park.call("POST", f"/tags/{old}/merge", json={"into": new})
    assert answer.status == 200, answer
    assert answer.body["data"] == {
        **(await park.get(f"/tags/{new}"))["data"],
        "name": "production",
        "assets": 3,
        "added": 1,
    }
    assert (await park.call("GET", f"/tags/{old}")).status == 404
    assert await numbers(park, f"/tags/{new}/assets") == {1, 2, 3}
    assert await park.sql("SELECT 1 FROM exposure_asset_tag WHERE tag_id = $1", old) == []
    assert [row["name"] for row in await park.walk("/tags")] == ["production"]
    await park.check()


async def test_merging_a_tag_without_assets(park):
    old, new = await make(park, "old"), await make(park, "new")
    answer = await park.call("POST", f"/tags/{old}/merge", json={"into": new})
    assert (answer.body["data"]["assets"], answer.body["data"]["added"]) == (0, 0)


async def test_what_cannot_be_merged_stays(park, unknown_id):
    tag = await make(park, "web", 1)
    for into in (tag, str(unknown_id)):
        answer = await park.call("POST", f"/tags/{tag}/merge", json={"into": into})
        assert (answer.status, answer.body["code"]) == (422, "UNPROCESSABLE")
    answer = await park.call("POST", f"/tags/{unknown_id}/merge", json={"into": tag})
    assert answer.status == 404
    assert await numbers(park, f"/tags/{tag}/assets") == {1}


async def test_two_merges_at_once(park):
    """Each would end the other's tag: one is done, and the other finds it gone."""
    one, two = await make(park, "one", 1, 2), await make(park, "two", 3)
    answers = await gather(
        park.call("POST", f"/tags/{one}/merge", json={"into": two}),
        park.call("POST", f"/tags/{two}/merge", json={"into": one}),
    )
    assert sorted(answer.status for answer in answers) == [200, 422]
    (left,) = await park.walk("/tags")
    assert await numbers(park, f"/tags/{left['id']}/assets") == {1, 2, 3}


async def test_many_tag_at_once(park):
    tag = await make(park, "web")
    chosen = [(1, 2), (2, 3), (3, 4), (4, 1), (2, 4)]
    answers = await gather(*(put(park, tag, *pair) for pair in chosen))
    assert sum(answer.body["data"]["added"] for answer in answers) == 4
    assert max(answer.body["data"]["assets"] for answer in answers) == 4
    assert await numbers(park, f"/tags/{tag}/assets") == {1, 2, 3, 4}


async def test_figures_by_tag_are_those_of_its_assets(park):
    await make(park, "web", 1, 2)
    await make(park, "b", 2, 3, 4)
    await make(park, "unused")
    expected = {
        "b": (3, [0, 1, 1, 1, 0]),
        "unused": (0, [0, 0, 0, 0, 0]),
        "web": (2, [1, 2, 1, 0, 1]),
    }
    found = await stats(park)
    assert found == expected
    assert list(found) == ["b", "unused", "web"]
    for name, (assets, counts) in expected.items():
        listed = await park.get("/vulnerabilities/stats", tag=name)
        assert [listed["bySeverity"][severity] for severity in COUNTS] == counts
        assert (await park.get("/assets", tag=name))["meta"]["total"] == assets
    assert next(iter(await stats(park, sort="-critical"))) == "web"
    assert list(await stats(park, sort="-assets")) == ["b", "web", "unused"]
    assert list(await stats(park, search="NUS")) == ["unused"]


async def test_only_active_vulnerabilities_count(park):
    await make(park, "web", 1)
    (row,) = await park.vulnerabilities(severity="CRITICAL")
    accept = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    assert (await park.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=accept)).status == 200
    assert await stats(park) == {"web": (1, [0, 1, 0, 0, 1])}


async def test_nothing_yet(space, unknown_id):
    assert await stats(space) == {}
    assert (await space.refusal("/tags/stats", sort="color"))["details"][0]["field"] == "sort"
    for path in (f"/tags/{unknown_id}/assets", f"/asset-groups/{unknown_id}/members"):
        assert (await space.call("GET", path)).status == 404


async def test_members_of_a_group(park):
    group, other = [await make(park, name, path="/asset-groups") for name in ("DMZ", "other")]
    path = f"/asset-groups/{group}/members"
    assert await park.walk(path) == []
    await park.call("POST", path, json={"assetIds": [park.assets[1], park.assets[3]]})
    await park.call("POST", f"/asset-groups/{other}/members", json={"assetIds": [park.assets[3]]})
    assert await park.walk(path, sort="name") == await park.walk("/assets", assetGroup=group, sort="name")
    assert await numbers(park, path) == {1, 3}
    assert await numbers(park, path, assetGroup=other) == {3}
    assert await numbers(park, path, severity="CRITICAL") == {1}
    await park.refusal(path, sort="ip")


@pytest_asyncio.fixture(loop_scope="session")
async def limited(park, kernel, as_role):
    """Somebody who may see the assets 1 and 3 alone, by a grant for the group beside them."""
    group = await make(park, "DMZ", path="/asset-groups")
    members = {"assetIds": [park.assets[1], park.assets[3]]}
    await park.call("POST", f"/asset-groups/{group}/members", json=members)
    someone = replace(park, headers=await as_role("nothing", park.tenant), group=group)
    me = await someone.get("/auth/me")
    body = {"userId": me["id"], "role": "admin", "scope": "asset_group", "scopeId": group}
    assert (await park.call("POST", "/admin/grants", json=body)).status == 201
    kernel.identifier.forget()
    return someone


async def test_a_grant_for_a_group_shows_its_assets_only(park, limited):
    tag = await make(park, "web", 1, 2)
    wide = await make(park, "wide", path="/asset-groups")
    path = f"/asset-groups/{wide}/members"
    await park.call("POST", path, json={"assetIds": list(park.assets.values())})
    assert await numbers(limited, f"/tags/{tag}/assets") == {1}
    assert await numbers(limited, path) == {1, 3}
    assert await numbers(limited, f"/asset-groups/{limited.group}/members") == {1, 3}


@pytest.mark.parametrize("verb", ["assets", "remove-assets", "merge"])
async def test_a_grant_for_a_group_changes_no_tag(park, limited, verb):
    tag, other = await make(park, "web", 1), await make(park, "other")
    body = {"into": other} if verb == "merge" else {"assetIds": [park.assets[3]]}
    answer = await limited.call("POST", f"/tags/{tag}/{verb}", json=body)
    assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")
    assert (await limited.call("GET", "/tags/stats")).status == 403
    assert await numbers(park, f"/tags/{tag}/assets") == {1}
