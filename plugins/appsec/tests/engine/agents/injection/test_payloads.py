"""Payload sets: each kind's proof shows where its weakness is, and on the twin that is safe it does not."""

import html
import re
import sqlite3
from pathlib import Path

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agent import Safety
from threatweaver_appsec.engine.payloads import KINDS, PayloadSet, agent_of, lacking

PAYLOADS = {
    "script": "x<marquee onstart={{word}}()>",
    "arithmetic": "{{{{a}}*{{b}}}}",
    "file": "..;/../../../../../../../../../../etc/passwd",
    "sql-error": "{{value}}')--'",
}


def evaluated(text):
    """What a template makes of a text."""
    return re.sub(r"\{\{(\d+)\*(\d+)\}\}", lambda sum_: str(int(sum_[1]) * int(sum_[2])), text)


def read(text):
    place = Path("/srv", text.replace("..;/", "../"))
    return place.read_text() if place.is_file() else "no such file"


def queried(text):
    try:
        sqlite3.connect(":memory:").execute(f"SELECT '{text}'")
    except sqlite3.Error as error:
        return web.Response(status=500, text=f"sqlite3.OperationalError: {error}")
    return "1 row"


WEAK = {"script": str, "arithmetic": evaluated, "file": read, "sql-error": queried}


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_kind_is_proven_where_it_is_and_nowhere_else(serve, kind):
    def weak(request):
        return WEAK[kind](request.query["q"])

    def safe(request):
        return f"You looked for {html.escape(request.query['q'])}: 42 x, root and 'near' are words."

    agent = agent_of(PayloadSet("1", "Odd ones", kind, ("no {{word}} at all {{a}} {{b}}", PAYLOADS[kind])))
    target = await serve({"GET /weak": weak, "GET /safe": safe})
    assert await target.attack((agent,), "/safe?q=7") == []
    ((name, point, proof),) = await target.attack((agent,), "/weak?q=7")
    assert (name, point, bool(proof.excerpt)) == ("payloads.1", "q", True)
    assert (agent.about.cwe, agent.about.title) == (KINDS[kind].cwe, f"{KINDS[kind].title} (Odd ones)")
    assert agent.about.safety is Safety.INTRUSIVE


def test_a_payload_without_what_its_proof_looks_for_is_none():
    assert lacking("script", "<b>{{ word }}") == ["word"]
    assert lacking("arithmetic", "{{a}}+1") == ["b"]
    assert [lacking(kind, payload) for kind, payload in PAYLOADS.items()] == [[]] * 4
