"""Applications without these weaknesses, whatever their noise: nothing is found, at a bounded cost."""

import asyncio
import html
import json
import random
import re
import time
from urllib.parse import quote

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agent import PointAgent, Severity
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.points import FORM

ATTACK = re.compile(
    r"'(\w+)' LIKE '\1|(\d+)\s*=\s*\2\b|<script|\.\./|etc/passwd|union|sleep|\$\(|\{\{", re.IGNORECASE
)
POINT_AGENTS = tuple(one for one in all_agents() if isinstance(one, PointAgent))


def page(text, **options):
    return web.Response(text=text, content_type=options.pop("content_type", "text/html"), **options)


def noisy(value):
    """A search that shows other things each time, and the value encoded."""
    words = random.sample(["news", "jobs", "offers", "weather", "maps", "mail", "shop", "games"], 3)
    token = "".join(random.choices("0123456789abcdef", k=32))
    return page(
        f'<html><body><form><input name=csrf value={token}><input name=q value="{html.escape(value)}"></form>'
        f"<p>{time.ctime()} · {time.time()} · visitor {random.randint(1, 10_000)}</p>"
        f"<p>{' '.join(words)}</p><p>No results for {html.escape(value)}</p></body></html>"
    )


def strict(value):
    """Refuses what it does not know, and shows it in an error."""
    if not re.fullmatch(r"[\w. -]{1,30}", value):
        return page(f"<h1>Bad request</h1><p>{html.escape(value)} is no name</p>", status=400)
    return page(f"<h1>{html.escape(value)}</h1>")


def failing(value):
    """Fails at odd input, with a trace that says nothing of a cause."""
    if re.search(r"[^\w]", value):
        trace = f"Traceback (most recent call last):\n  File app.py\nValueError: {value!r} at {time.time()}"
        return page(trace, status=500, content_type="text/plain")
    return page(f"<p>fine {len(value)}</p>")


def slow(value):
    """Answers after a time of its own."""
    time.sleep(random.choice([0, 0, 0.05, random.random() * 4]))
    return page(f"<p>{html.escape(value)}</p>")


def guarded(value):
    """A firewall in front: what looks like an attack is refused, sums that hold most of all."""
    if ATTACK.search(value):
        return page("<h1>Request blocked</h1><p>Your request looks like an attack.</p>")
    return page(f"<p>Nothing found for {html.escape(value)}</p>")


def searching(value):
    """Finds what has any of the words, and says how many words there are."""
    words = re.findall(r"\w+", value)
    found = [
        title
        for title in ("lamp and table", "or else", "like it", "select a sofa", "a b c")
        for word in words
        if word in title
    ]
    return page(f"<p>{len(words)} words</p><ul>{''.join(f'<li>{one}</li>' for one in found)}</ul>")


def calculating(value):
    """Works sums out, as it should."""
    found = re.match(r"^\s*(\d+)\s*([*+-])\s*(\d+)", value)
    if not found:
        return page(f"<p>no sum: {html.escape(value)}</p>")
    one, sign, two = int(found[1]), found[2], int(found[3])
    return page(f"<p>{ {'*': one * two, '+': one + two, '-': one - two}[sign] }</p>")


def echoing(value):
    return web.json_response({"you": value, "at": time.time(), "length": len(value)})


def written(value):
    """In a script, in an address, and in a header, each encoded as it must be."""
    text = json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    link = quote(value, safe="")
    return page(
        f'<script>var q = {text};</script><a href="/search?q={link}">again</a><!-- {link} -->',
        headers={"X-Query": link[:200]},
    )


def leaving(value):
    return web.Response(status=302, headers={"Location": "/found?q=" + quote(value, safe="")})


def cutting(value):
    return page(f"<p>{html.escape(value[:12])}…</p>")


CLEAN = {
    one.__name__: one
    for one in (
        noisy,
        strict,
        failing,
        guarded,
        searching,
        calculating,
        echoing,
        written,
        leaving,
        cutting,
    )
}


@pytest.mark.parametrize("kind", CLEAN)
async def test_nothing_is_found_where_nothing_is(serve, kind):
    random.seed(7)
    target = await serve({"GET /x": lambda request: CLEAN[kind](request.query.get("q", ""))})
    values = ("lamp", "12", "a.txt", "")
    attacks = [target.attack(POINT_AGENTS, f"/x?q={value}") for value in values]
    for value, found in zip(values, await asyncio.gather(*attacks), strict=True):
        worse = [
            (agent, proof.says) for agent, _, proof in found if _severity(agent, proof) is not Severity.INFO
        ]
        assert worse == [], value


async def test_times_of_their_own_prove_nothing(serve):
    random.seed(7)
    waiting = tuple(one for one in POINT_AGENTS if one.about.id.endswith("-time"))
    target = await serve({"GET /x": lambda request: slow(request.query["q"])})
    assert len(waiting) == 3
    assert await target.attack(waiting, "/x?q=lamp") == []


def _severity(agent, proof):
    about = next(one.about for one in POINT_AGENTS if one.about.id == agent)
    return proof.severity or about.severity


async def test_bodies_and_paths_of_clean_applications(serve):
    async def read(request):
        if request.content_type == FORM:
            value = str((await request.post()).get("q", ""))
        else:
            value = (await request.json()).get("q")
        return noisy(value if isinstance(value, str) else json.dumps(value))

    async def place(request):
        return strict(request.match_info["id"])

    target = await serve({"POST /x": read, "GET /y/{id}": place})
    form, document = (("Content-Type", FORM),), (("Content-Type", "application/json"),)
    assert await target.attack(POINT_AGENTS, "/x", method="POST", body=b"q=lamp", headers=form) == []
    body = json.dumps({"q": "lamp", "n": 1, "yes": True}).encode()
    assert await target.attack(POINT_AGENTS, "/x", method="POST", body=body, headers=document) == []
    assert await target.attack(POINT_AGENTS, "/y/12") == []


async def test_a_value_that_nothing_depends_on_costs_little(serve):
    target = await serve({"GET /x": lambda _: page("<p>always the same</p>")})
    await target.attack(POINT_AGENTS, "/x?q=lamp")
    assert target.requests <= 3 * len(POINT_AGENTS)
