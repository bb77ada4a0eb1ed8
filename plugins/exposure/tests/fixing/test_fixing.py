"""/dashboard/top-risks and patch-effect: the sums of the lists, and what really fixing does."""

import itertools

import pytest
from exposure_reports import Host, Item, day, nessus

FILTERS = {
    "severity": ["CRITICAL", "high,LOW"],
    "tag": ["web", "none"],
    "assetGroup": ["group"],
    "startDate": ["2024-05-02"],
    "endDate": ["2024-05-01"],
}
GIVEN = [{}, *({name: value} for name, values in FILTERS.items() for value in values)]
GIVEN += [{one: FILTERS[one][0], two: FILTERS[two][0]} for one, two in itertools.combinations(FILTERS, 2)]
PATHS = ["/dashboard/top-risks", "/dashboard/patch-effect"]


def filters(space, given):
    return {**given, "assetGroup": space.group} if "assetGroup" in given else given


async def listed(space, look):
    return await space.walk(look["path"], **look["query"])


@pytest.mark.parametrize("by", ["definition", "asset"])
@pytest.mark.parametrize("given", GIVEN, ids=str)
async def test_a_share_of_risk_is_what_the_list_says(story, given, by):
    given = filters(story, given)
    body = await story.get(PATHS[0], by=by, limit=100, **given)
    every = await story.walk("/vulnerabilities", **given)
    assert (body["active"], body["risk"]) == (len(every), sum(row["riskScore"] for row in every))
    for row in body["data"]:
        rows = await listed(story, row["look"])
        assert (row["active"], row["risk"]) == (len(rows), sum(item["riskScore"] for item in rows))
        assert {item["name" if by == "definition" else "assetName"] for item in rows} == {row["name"]}
        assert row["percent"] == round(100 * row["risk"] / body["risk"], 1)
    assert sum(row["risk"] for row in body["data"]) == body["risk"]
    risks = [row["risk"] for row in body["data"]]
    assert risks == sorted(risks, reverse=True)


@pytest.mark.parametrize("given", GIVEN, ids=str)
async def test_a_patch_leaves_what_the_lists_say(story, given):
    """What stays is counted here, asset by asset, from the list without what would be fixed."""
    given = filters(story, given)
    body = await story.get(PATHS[1], limit=100, **given)
    chosen = {name: given[name] for name in ("tag", "assetGroup") if name in given}
    assets = {row["id"]: row["riskScore"] for row in await story.walk("/assets", **chosen)}
    every = await story.walk("/vulnerabilities", **chosen)
    kpis = await story.get("/dashboard/kpis", **chosen)
    assert (body["assets"], body["riskScore"]) == (len(assets), kpis["riskScore"])
    named = {row["check"] for row in await story.walk("/vulnerabilities", **given)}
    assert {row["check"] for row in body["data"]} == named
    for row in body["data"]:
        fixed = await listed(story, row["look"])
        gone = {item["id"] for item in fixed}
        assert (row["closes"], row["assets"]) == (len(gone), len({item["assetId"] for item in fixed}))
        left = dict.fromkeys(assets, 0)
        for item in every:
            if item["id"] not in gone:
                left[item["assetId"]] = max(left[item["assetId"]], item["riskScore"])
        assert row["riskScoreAfter"] == round(sum(left.values()) / len(assets), 2)
        assert row["lowersBy"] == pytest.approx(
            (sum(assets.values()) - sum(left.values())) / len(assets), abs=0.006
        )
    lowers = [row["lowersBy"] for row in body["data"]]
    assert lowers == sorted(lowers, reverse=True)


def scan(*items, at):
    return nessus(Host(name="10.0.0.1", items=items, end=day(at)), checks=range(1001, 1010))


def item(plugin, cvss, **more):
    return Item(plugin=plugin, severity=4, cvss3=cvss, extra="<solution>Upgrade.</solution>", **more)


async def test_what_is_foretold_comes_true(space):
    """Two ports have the worst check: fixing one of them would lower nothing, fixing the check does."""
    found = [item(1001, 10.0, port=80), item(1001, 10.0, port=443), item(1002, 6.0), item(1003, 2.0)]
    await space.take(scan(*found, at=1))
    await space.take(nessus(Host(name="10.0.0.2", end=day(1)), checks=range(1001, 1010)))
    body = await space.get(PATHS[1])
    first, *others = body["data"]
    assert (first["check"], first["closes"], first["assets"], first["solution"]) == ("1001", 2, 1, "Upgrade.")
    assert [row["lowersBy"] for row in others] == [0, 0]
    await space.take(scan(*found[2:], at=2))
    now = await space.get("/dashboard/kpis")
    assert now["riskScore"] == pytest.approx(first["riskScoreAfter"], abs=0.06)
    assert (now["totalAssets"], now["totalVulnerabilities"]) == (2, 2)


async def test_as_many_as_asked_for(story):
    for path in PATHS:
        every = (await story.get(path, limit=100))["data"]
        assert (await story.get(path, limit=2))["data"] == every[:2]


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_yet(space, path):
    body = await space.get(path)
    assert body["data"] == []
    assert {value for value in body.values() if isinstance(value, int | float)} == {0}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "text",
    ["limit=0", "limit=101", "severity=BAD", "tag=", "assetGroup=x", "startDate=x", "by=color", "page=1"],
)
async def test_what_is_not_documented_is_refused(story, path, text):
    name, value = text.split("=")
    assert (await story.refusal(path, **{name: value}))["details"][0]["field"] == name


@pytest.mark.parametrize("value", ["0", "x", "2147483648", "1,,2"])
async def test_a_definition_of_the_list_is_a_number(story, value):
    body = await story.refusal("/vulnerabilities", definitionId=value)
    assert body["details"][0]["field"].startswith("definitionId")


async def test_a_viewer_may_look_and_others_see_nothing(story, outsider, as_role):
    headers = await as_role("viewer", story.tenant)
    for path in PATHS:
        assert (await story.call("GET", path, headers=headers)).status == 200
        assert (await outsider.get(path))["data"] == []
