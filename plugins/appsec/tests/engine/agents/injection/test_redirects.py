"""Where a browser goes: redirects of each kind, filters of each kind, and sites that stay at home."""

import html
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import redirects
from threatweaver_appsec.engine.agents.redirects import host_of


def to(place):
    return web.Response(status=302, headers={"Location": place.replace("\n", "").replace("\r", "")})


def unless(refused):
    def answer(request):
        value = request.query["next"]
        return to("/home" if refused(value) else value)

    return answer


OPEN = {
    "/plain": lambda request: to(request.query["next"]),
    "/meta": lambda r: f'<meta http-equiv="refresh" content="0; url={html.escape(r.query["next"])}">',
    "/script": lambda r: f"<script>window.location = '{r.query['next']}';</script>",
    "/replace": lambda r: f'<script>location.replace("{r.query["next"]}")</script>',
    "/no-scheme": unless(lambda value: "://" in value),
    "/one-slash": unless(lambda value: value.startswith("//") or not value.startswith("/")),
    "/no-host": unless(lambda value: urlsplit(value.replace("\\", "/").strip()).netloc != ""),
    "/has-host": unless(lambda value: "127.0.0.1" not in value),
}


async def test_an_open_redirect_is_found(serve):
    target = await serve({f"GET {path}": handler for path, handler in OPEN.items()})
    for path in OPEN:
        found = await target.attack(redirects.AGENTS, f"{path}?next=/home")
        assert [(agent, point) for agent, point, _ in found] == [("open-redirect", "next")], path


CLOSED = {
    "/home": lambda request: to("/" + request.query["next"].lstrip("/\\\t")),
    "/query": lambda request: to("/login?next=" + request.query["next"]),
    "/path": unless(lambda value: value[:1] != "/" or value[1:2] in ("/", "\\", "\t")),
    "/link": lambda r: f'<a href="{html.escape(r.query["next"])}">on</a>',
    "/said": lambda r: f"<script>var next = '{r.query['next']}';</script>",
    "/fixed": lambda _: to("https://elsewhere.example/"),
}


@pytest.mark.parametrize("path", CLOSED)
async def test_a_redirect_that_stays_is_not(serve, path):
    target = await serve({f"GET {one}": handler for one, handler in CLOSED.items()})
    assert await target.attack(redirects.AGENTS, f"{path}?next=/home") == []


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://b.test/", "b.test"),
        ("//b.test", "b.test"),
        ("/\\b.test", "b.test"),
        ("\\\\b.test", "b.test"),
        ("\t//b.test", "b.test"),
        ("https:b.test", "b.test"),
        ("http:b.test", "a.test"),
        ("https:///b.test", "b.test"),
        ("https://a.test@b.test/", "b.test"),
        ("https://a.test\\@b.test/", "a.test"),
        ("/b.test", "a.test"),
        ("b.test", "a.test"),
        ("?next=//b.test", "a.test"),
        ("javascript:alert(1)", ""),
        ("https://[", ""),
    ],
)
def test_browsers_read_addresses_in_their_own_way(location, host):
    assert host_of(location, "http://a.test/page") == host
