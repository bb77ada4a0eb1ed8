"""Each answer of /dashboard as a chart: of its own JSON, in both themes, with its tag, empty and full."""

from xml.etree import ElementTree as ET

import pytest

from threatweaver_exposure.charts import styles
from threatweaver_exposure.plugin import route_tables

SVG = "{http://www.w3.org/2000/svg}"
AS_SVG = {"Accept": "image/svg+xml"}
WITHOUT = {"/dashboard/sla-policy", "/dashboard/layout", "/dashboard/widgets"}
"""Settings, and a collection of figures of several modules."""
READS = [
    route
    for table in route_tables()
    for route in table.routes
    if route.path.startswith("/dashboard/") and route.method == "GET"
]
DRAWN = sorted(route.path for route in READS if route.rendition is not None)


def test_every_figure_is_drawn():
    assert {route.path for route in READS} - set(DRAWN) == WITHOUT & {route.path for route in READS}


async def drawing(space, path, **params):
    url = f"/api{path}"
    async with space.client.get(url, headers={**space.headers, **AS_SVG}, params=params) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "image/svg+xml"
        return answer.headers, ET.fromstring(await answer.read())


def texts(root):
    return [item.text or "" for item in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("path", DRAWN)
async def test_a_chart_says_what_it_shows(story, path):
    headers, root = await drawing(story, path)
    assert root.find(f"{SVG}title").text == texts(root)[0]
    assert len(texts(root)) > 2 or "No data" in texts(root)
    assert root.get("role") == "img"
    assert headers["Content-Security-Policy"] == styles.policy()


@pytest.mark.parametrize("path", DRAWN)
async def test_an_empty_tenant_has_charts_too(outsider, path):
    _, root = await drawing(outsider, path)
    assert root.get("viewBox").startswith("0 0 720 ")


async def test_json_and_chart_have_tags_of_their_own(story):
    plain = await story.call("GET", "/dashboard/kpis", params={"theme": "dark"})
    headers, root = await drawing(story, "/dashboard/kpis")
    assert f"{plain.body['totalVulnerabilities']:,}" in texts(root)
    assert plain.headers["ETag"] != headers["ETag"]
    for accept, tag in (("*/*", plain.headers["ETag"]), ("image/svg+xml", headers["ETag"])):
        given = {"Accept": accept, "If-None-Match": tag}
        again = await story.call("GET", "/dashboard/kpis", headers=given)
        assert (again.status, again.headers["Vary"], again.headers["ETag"]) == (304, "Accept", tag)
    crossed = {"Accept": "*/*", "If-None-Match": headers["ETag"]}
    assert (await story.call("GET", "/dashboard/kpis", headers=crossed)).status == 200


async def test_themes(story):
    sheets = {}
    for theme in ("light", "dark", None):
        _, root = await drawing(story, "/dashboard/kpis", **({"theme": theme} if theme else {}))
        sheets[theme] = root.find(f"{SVG}style").text
    assert sheets == dict(styles.SHEETS)
    body = await story.refusal("/dashboard/kpis", theme="neon")
    assert body["details"][0]["field"] == "theme"


async def test_a_refusal_is_json_whatever_is_asked_for(story):
    answer = await story.call("GET", "/dashboard/kpis", headers=AS_SVG, params={"tag": ""})
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/json")
