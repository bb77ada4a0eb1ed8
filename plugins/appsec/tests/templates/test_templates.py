"""Templates: what of Nuclei's YAML is taken, and what it finds."""

import pytest

from threatweaver_appsec.engine.messages import Exchange, Response
from threatweaver_appsec.templates.agent import agent_of
from threatweaver_appsec.templates.reading import TemplateWrong, read
from threatweaver_appsec.templates.schemas import EXAMPLE

GOOD = EXAMPLE % "status"


def test_a_template_is_read():
    found = read(GOOD)
    assert (found.key, found.severity, found.asks[0].path) == ("example-status", "LOW", "/server-status")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a: &a [1]\nb: *a",
        "id: x",
        GOOD.replace("type: word", "type: regex"),
        GOOD.replace("{{BaseURL}}/server-status", "https://elsewhere.example.com/"),
        GOOD.replace("{{BaseURL}}/server-status", "{{BaseURL}}/{{interactsh-url}}"),
        GOOD.replace("severity: low", "severity: worst"),
        GOOD.replace("method: GET", "method: DELETE"),
        GOOD.replace("method: GET", "code: print(1)"),
        GOOD + "!!python/object/apply:os.system [id]",
        "x" * 30_000,
        "[" * 5_000,
    ],
)
def test_what_is_not_of_the_subset_is_refused(text):
    with pytest.raises(TemplateWrong):
        read(text)


class Site:
    """A target of pages by path; everything else is 404, or a page for everything."""

    base = "http://a.test"

    def __init__(self, pages, everything=""):
        self.pages, self.everything = pages, everything

    async def send(self, request, **_):
        text = self.pages.get(request.parts.path, self.everything)
        return Exchange(request, Response(200 if text else 404, (), text.encode(), 0.1))


class Nonce:
    def word(self, length=8):
        return "q" * length


async def suspicions(site):
    agent = agent_of(read(GOOD))
    return [one async for one in agent.probe(site, Nonce())]


async def test_a_match_is_shown_again_and_not_at_a_place_that_is_not_there():
    (one,) = await suspicions(Site({"/server-status": "<h1>Apache Server Status</h1>"}))
    assert (await one.shows(Nonce())).excerpt == "Apache Server Status"
    assert await one.control(Nonce()) is None


async def test_a_page_for_everything_fails_the_control():
    (one,) = await suspicions(Site({}, everything="Apache Server Status"))
    assert await one.control(Nonce()) is not None


async def test_nothing_is_suspected_where_nothing_is():
    assert await suspicions(Site({"/server-status": "denied"})) == []


async def test_templates_are_kept(space):
    made = await space.post("/templates", {"source": GOOD}, status=201)
    assert (made["key"], made["enabled"]) == ("example-status", True)
    await space.call("POST", "/templates", {"source": GOOD}, status=409)
    await space.call("POST", "/templates", {"source": "id: x"}, status=422)
    said = await space.post("/templates/validate", {"source": GOOD.replace("word", "dsl")})
    assert (said["ok"], said["key"]) == (False, None)
    assert (await space.put(f"/templates/{made['id']}", {"enabled": False}))["enabled"] is False
    assert [one["id"] for one in await space.get("/templates?enabled=false")] == [made["id"]]
    assert (await space.get(f"/templates/{made['id']}"))["source"] == GOOD
    await space.call("DELETE", f"/templates/{made['id']}", status=204)
