"""/dashboard: what it says is what the lists say, under every combination of filters."""

import itertools

import pytest

from threatweaver_exposure.dashboard.schemas import KpisOut, SeverityOut

FILTERS = {
    "severity": ["CRITICAL", "critical,HIGH", "INFO"],
    "tag": ["web", "PRODUCTION", "none"],
    "assetGroup": ["group"],
    "startDate": ["2024-05-02", "2030-01-01"],
    "endDate": ["2024-05-01", "2024-05-02"],
}
SINGLE = [{name: value} for name, values in FILTERS.items() for value in values]
PAIRS = [{one: FILTERS[one][0], two: FILTERS[two][-1]} for one, two in itertools.combinations(FILTERS, 2)]
ALL = [{name: values[0] for name, values in FILTERS.items()}]


@pytest.mark.parametrize("given", [{}, *SINGLE, *PAIRS, *ALL], ids=str)
async def test_figures_are_what_the_lists_say(story, given):
    if "assetGroup" in given:
        given = {**given, "assetGroup": story.group}
    await story.check_figures(**given)


def documented(schema):
    return {field.data_key for field in schema().fields.values() if field.required}


async def test_documented_keys_and_values(story):
    kpis = await story.get("/dashboard/kpis")
    assert set(kpis) == documented(KpisOut)
    assets = await story.walk("/assets")
    assert kpis["totalAssets"] == len(assets) == 5
    assert kpis["riskScore"] == round(sum(asset["riskScore"] for asset in assets) / 5, 1)
    rows = (await story.get("/dashboard/severity-breakdown"))["data"]
    assert all(set(row) == documented(SeverityOut) for row in rows)
    assert sum(row["percent"] for row in rows) == pytest.approx(100, abs=0.3)


async def test_risk_score_of_a_tag_is_that_of_its_assets(story):
    chosen = await story.walk("/assets", tag="web")
    kpis = await story.get("/dashboard/kpis", tag="web")
    assert kpis["riskScore"] == round(sum(asset["riskScore"] for asset in chosen) / len(chosen), 1)


@pytest.mark.parametrize("path", ["/dashboard/kpis", "/dashboard/severity-breakdown"])
@pytest.mark.parametrize(
    "text",
    ["severity=BAD", "tag=", "assetGroup=x", "startDate=x", "endDate=2024-13-01", "page=1", "state=open"],
)
async def test_what_is_not_documented_is_refused(story, path, text):
    body = await story.refusal(path, **dict([text.split("=", 1)]))
    assert body["details"][0]["field"] == text.split("=")[0]


async def test_nothing_yet(space):
    kpis = await space.check_figures()
    assert set(kpis.values()) == {0}
    rows = (await space.get("/dashboard/severity-breakdown"))["data"]
    assert [row["percent"] for row in rows] == [0.0] * 5


async def test_viewer_may_look(story, as_role):
    headers = await as_role("viewer", story.tenant)
    assert (await story.call("GET", "/dashboard/kpis", headers=headers)).status == 200
    assert (await story.call("GET", "/dashboard/kpis", headers={"Authorization": "Bearer x"})).status == 401
