"""/assets: the list and its parameters, one asset, its vulnerabilities, tags and groups."""

import pytest
from exposure_reports import Host, Item, day, nessus

from threatweaver_exposure.assets import queries
from threatweaver_exposure.assets.schemas import AssetDetailOut, AssetOut, OpenCounts


def keys(schema):
    return {field.data_key for field in schema().fields.values()}


async def test_list_is_ranked_by_risk_and_has_the_documented_keys(story):
    rows = await story.walk("/assets", limit=2)
    assert [row["riskScore"] for row in rows] == sorted((row["riskScore"] for row in rows), reverse=True)
    assert len(rows) == 5
    for row in rows:
        assert set(row) == keys(AssetOut)
        assert set(row["openVulnerabilities"]) == keys(OpenCounts)
        open_ = await story.walk("/vulnerabilities", assetId=row["id"])
        counts = row["openVulnerabilities"]
        assert counts["total"] == len(open_) == sum(counts.values()) - counts["total"]
        assert row["riskScore"] == max((item["riskScore"] for item in open_), default=0)
    assert {row["worstSeverity"] for row in rows} == {"CRITICAL", "HIGH", None}


FILTERS = {
    "search=SRV4": {4},
    "search=10.1.0.3": {3},
    "search=srv_": set(),
    "search=%": set(),
    "search=4.e": {4},
    "ip=10.1.0.2/31": {2, 3},
    "ip=10.1.0.4": {4},
    "ip=10.0.0.0/8": {1, 2, 3, 4, 5},
    "ip=2001:db8::/32": set(),
    "operatingSystem=WINDOWS server": {3},
    "operatingSystem=_": set(),
    "search=e": {1, 2, 3, 4, 5},
    "search=__": set(),
    "severity=CRITICAL": {1, 2, 4},
    "severity=HIGH": {3},
    "severity=high,critical": {1, 2, 3, 4},
    "severity=INFO": set(),
    "tag=PRODUCTION": {1, 2},
    "tag=web": {1, 4},
    "tag=none": set(),
}


@pytest.mark.parametrize("text", FILTERS)
async def test_filter(story, text):
    rows = await story.walk("/assets", limit=1, **dict([text.split("=", 1)]))
    assert {row["fqdn"] for row in rows} == {f"srv{number}.example.com" for number in FILTERS[text]}


@pytest.mark.parametrize("given", [{"search": "srv"}, {"ip": "10.1.0.0/24"}, {"ip": "10.1.0.0/31"}], ids=str)
@pytest.mark.parametrize("sort", ["-riskScore", "name"])
async def test_few_are_listed_as_many_are(story, monkeypatch, given, sort):
    few = await story.follow("/assets", limit=2, sort=sort, **given)
    monkeypatch.setattr(queries, "_FEW", 0)
    assert await story.follow("/assets", limit=2, sort=sort, **given) == few
    assert few


async def test_filter_by_group_and_tag_together(story):
    rows = await story.walk("/assets", assetGroup=story.group)
    assert {row["fqdn"] for row in rows} == {"srv1.example.com", "srv3.example.com"}
    assert [row["fqdn"] for row in await story.walk("/assets", assetGroup=story.group, tag="web")] == [
        "srv1.example.com"
    ]


@pytest.mark.parametrize("sort", ["riskScore", "name", "firstSeen", "lastSeen"])
@pytest.mark.parametrize("sign", ["", "-"])
async def test_sort_pages_and_cursor_agree(story, sort, sign):
    pages = await story.walk("/assets", limit=2, sort=sign + sort)
    assert await story.follow("/assets", limit=2, sort=sign + sort) == pages
    assert pages == sorted(pages, key=lambda row: (row[sort], row["id"]), reverse=sign == "-")


async def test_long_names_can_be_walked_by_cursor(space):
    hosts = [Host(name="\u0436" * 240 + str(n), items=[Item()]) for n in range(4)]
    await space.take(nessus(*hosts))
    assert len(await space.follow("/assets", limit=1, sort="name")) == 4


@pytest.mark.parametrize(
    "text",
    [
        "limit=abc",
        "page=0",
        "severity=BAD",
        "sort=ip",
        "assetGroup=x",
        "tag=",
        "state=open",
        "search=",
        "ip=10.0.0",
        "ip=10.0.0.0/33",
    ],
)
async def test_what_is_not_documented_is_refused(story, text):
    body = await story.refusal("/assets", **dict([text.split("=", 1)]))
    assert body["details"][0]["field"] == text.split("=")[0]


async def test_one_asset(story):
    asset = (await story.get(f"/assets/{story.assets['srv1.example.com']}"))["data"]
    assert set(asset) == keys(AssetDetailOut)
    assert asset["vulnerabilitiesByState"] == {"open": 5, "reopened": 1, "accepted": 0, "fixed": 1}
    assert asset["tags"] == ["Production", "web"]
    assert asset["groups"] == [{"id": story.group, "name": "DMZ"}]
    assert asset["identifiers"] == [
        {"kind": "fqdn", "value": "srv1.example.com"},
        {"kind": "ip", "value": "10.1.0.1"},
    ] or {item["kind"] for item in asset["identifiers"]} == {"fqdn", "ip"}
    assert (asset["firstSeen"], asset["lastSeen"]) == ("2024-05-01T12:00:00Z", "2024-05-03T12:00:00Z")


async def test_vulnerabilities_of_one_asset_take_the_parameters_of_the_list(story):
    path = f"/assets/{story.assets['srv1.example.com']}/vulnerabilities"
    assert len(await story.walk(path, limit=2)) == 6
    assert {row["port"] for row in await story.walk(path, state="fixed")} == {8443}
    assert {row["severity"] for row in await story.walk(path, severity="HIGH", sort="lastSeen")} == {"HIGH"}
    await story.refusal(path, limit="abc")


async def test_asset_without_vulnerabilities(story):
    asset = story.assets["srv5.example.com"]
    assert await story.walk(f"/assets/{asset}/vulnerabilities", state="all") == []
    body = (await story.get(f"/assets/{asset}"))["data"]
    assert (body["worstSeverity"], body["riskScore"], body["openVulnerabilities"]["total"]) == (None, 0, 0)


async def test_tags_are_replaced(space):
    await space.take(nessus(Host(items=[Item()], end=day(1))))
    (asset,) = await space.walk("/assets")
    path = f"/assets/{asset['id']}/tags"
    for tags, shown in (
        (["b", "a", "a"], ["a", "b"]),
        (["a", "c d"], ["a", "c d"]),
        (["x" * 100], ["x" * 100]),
        ([], []),
    ):
        answer = await space.call("PUT", path, json={"tags": tags})
        assert (answer.status, answer.body["data"]["tags"]) == (200, shown)
    assert {tag["name"] for tag in await space.walk("/tags")} == {"a", "b", "c d", "x" * 100}
    for bad in (
        {},
        {"tags": "a"},
        {"tags": [""]},
        {"tags": ["x" * 101]},
        {"tags": [None]},
        {"tags": ["t"] * 51},
    ):
        assert (await space.call("PUT", path, json=bad)).status == 400, bad
    await space.check()
    await space.check_figures(tag="a")


async def test_tags_need_the_permission(space, as_role):
    await space.take(nessus(Host(items=[Item()])))
    (asset,) = await space.walk("/assets")
    headers = await as_role("viewer", space.tenant)
    answer = await space.call("PUT", f"/assets/{asset['id']}/tags", json={"tags": []}, headers=headers)
    assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")


async def test_group_members(space, unknown_id):
    await space.take(nessus(Host(items=[Item()]), Host(name="10.0.0.2", items=[Item(severity=4)])))
    one, two = (row["id"] for row in await space.walk("/assets", sort="name"))
    group = (await space.call("POST", "/asset-groups", json={"name": "g", "description": "d"})).body["data"][
        "id"
    ]
    path = f"/asset-groups/{group}"
    answer = await space.call("POST", f"{path}/members", json={"assetIds": [one, two, one]})
    assert (answer.status, answer.body["data"]) == (200, {"members": 2})
    answer = await space.call("POST", f"{path}/members", json={"assetIds": [str(unknown_id)]})
    assert (answer.status, answer.body["code"]) == (422, "UNPROCESSABLE")
    answer = await space.call("POST", f"{path}/remove-members", json={"assetIds": [one]})
    assert answer.body["data"] == {"members": 1}
    kpis = await space.check_figures(assetGroup=group)
    assert (kpis["totalAssets"], kpis["critical"], kpis["medium"]) == (1, 1, 0)
    assert (
        await space.call("POST", f"/asset-groups/{unknown_id}/members", json={"assetIds": [one]})
    ).status == 404
    assert (await space.call("POST", "/asset-groups", json={"name": "g"})).status == 409
    assert (await space.call("DELETE", path)).status == 204
    assert await space.walk("/assets", assetGroup=group) == []
    assert len(await space.walk("/assets")) == 2
