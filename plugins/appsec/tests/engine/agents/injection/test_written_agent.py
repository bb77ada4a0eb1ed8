"""The agent of the documentation is one: it finds what it says, and nothing in the safe twin."""

import re
from pathlib import Path

import pytest
from aiohttp import web

from threatweaver_appsec.engine.catalog import all_agents

PAGE = Path(__file__).parents[6] / "docs" / "plugins" / "appsec.md"


@pytest.fixture(scope="module")
def written():
    """The `AGENTS` of the page."""
    part = PAGE.read_text(encoding="utf-8").partition("## Write an agent")[2]
    (code,) = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    names = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["AGENTS"]


def setting(quote):
    def answer(request):
        response = web.Response(text=f"Hello {request.query['q']}")
        response.headers["Set-Cookie"] = f"name={quote(request.query['q'])}; Path=/"
        return response

    return answer


async def test_it_finds_what_it_says_and_nothing_else(serve, written):
    safe = setting(lambda text: text.replace(";", "%3B"))
    target = await serve({"GET /weak": setting(str), "GET /safe": safe, "GET /echo": lambda r: r.query["q"]})
    ((name, point, proof),) = await target.attack(written, "/weak?q=1")
    assert (name, point) == ("cookie-attribute", "q")
    assert proof.excerpt.startswith("name=x; ")
    assert await target.attack(written, "/safe?q=1") == []
    assert await target.attack(written, "/echo?q=1") == []


def test_its_id_is_no_other_ones(written):
    assert {agent.about.id for agent in written}.isdisjoint(agent.about.id for agent in all_agents())
