"""Administration and maintenance: found where an ordinary user or nobody is given them."""

import json

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents.functions import AGENTS

JSON = (("Content-Type", "application/json"),)
USERS = [{"username": f"u{n}", "phone": f"555-010{n}", "device_id": f"d{n}"} for n in range(3)]
PANEL = "<h1>Users</h1><ul><li>ann</li><li>bob</li></ul><form method=post><button>Remove</button></form>"


class Accounts:
    """Registration and login, whose token says who asks; `asks` says who is let in."""

    def __init__(self, asks):
        self.asks, self.known = asks, {}

    async def register(self, request):
        sent = await request.json()
        self.known[sent["username"]] = sent["password"]
        return web.json_response({}, status=201)

    async def login(self, request):
        sent = await request.json()
        if self.known.get(sent["username"]) != sent["password"]:
            raise web.HTTPUnauthorized
        return web.json_response({"token": f"ordinary-{sent['username']}"})

    def guard(self, request):
        token = request.headers.get("Authorization", "")
        if self.asks == "nothing" or (self.asks == "login" and token) or token == "Bearer administrator":
            return
        raise web.HTTPForbidden if token else web.HTTPUnauthorized

    async def panel(self, request):
        self.guard(request)
        return web.Response(text=PANEL, content_type="text/html")

    async def users(self, request):
        self.guard(request)
        return web.json_response(USERS)

    async def reset(self, request):
        self.guard(request)
        return web.json_response({"message": "done"})


async def site_with(site_of, asks, handler_of):
    accounts = Accounts(asks)
    place, handler = handler_of(accounts)
    handlers = {"POST /register": accounts.register, "POST /login": accounts.login, f"GET {place}": handler}
    site = await site_of(handlers)
    body = json.dumps({"username": "x", "password": "y"}).encode()
    await site.find("POST", "/register", headers=JSON, body=body)
    await site.find("POST", "/login", headers=JSON, body=body)
    await site.find("GET", place, writes="reset" in place)
    return site


@pytest.mark.parametrize(
    ("ident", "asks", "place", "count"),
    [
        ("open-administration", "nothing", "/admin/users", 1),
        ("open-administration", "login", "/admin/users", 0),
        ("open-administration", "nothing", "/shop/users", 0),
        ("bfla", "login", "/admin/users", 1),
        ("bfla", "nothing", "/admin/users", 0),
        ("bfla", "administrator", "/admin/users", 0),
    ],
)
async def test_a_page_of_administration(site_of, probe, ident, asks, place, count):
    site = await site_with(site_of, asks, lambda accounts: (place, accounts.panel))
    assert len(await probe(AGENTS, ident, site)) == count


@pytest.mark.parametrize(
    ("ident", "asks", "place", "count"),
    [
        ("bfla", "login", "/api/users", 1),
        ("bfla", "administrator", "/api/users", 0),
        ("excessive-data", "login", "/api/users", 0),  # the other's finding
        ("excessive-data", "login", "/api/comments", 1),
        ("excessive-data", "nothing", "/api/users", 1),
        ("excessive-data", "administrator", "/api/comments", 0),
    ],
)
async def test_a_list_of_users_with_what_is_private(site_of, probe, ident, asks, place, count):
    site = await site_with(site_of, asks, lambda accounts: (place, accounts.users))
    assert len(await probe(AGENTS, ident, site)) == count


@pytest.mark.parametrize(("asks", "count"), [("nothing", 1), ("administrator", 0)])
async def test_maintenance_that_anybody_starts(site_of, probe, asks, count):
    site = await site_with(site_of, asks, lambda accounts: ("/reset-db", accounts.reset))
    assert len(await probe(AGENTS, "open-maintenance", site)) == count


async def everything(request):
    return web.Response(text=PANEL, content_type="text/html")


async def test_a_site_that_answers_every_place_shows_nothing(site_of, probe):
    site = await site_of({"GET /{any:.*}": everything})
    await site.find("GET", "/admin/users")
    await site.find("GET", "/init-db", writes=True)
    for ident in ("open-administration", "open-maintenance"):
        assert await probe(AGENTS, ident, site) == []


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        (PANEL, "text/html", 1),
        (f"{PANEL}<input type=text name=pin size=14>", "text/html", 0),  # locked, by other words
        ("a {}\nb {}\nc {}\nd {}", "text/css", 0),
        ("go();\nask();\nshow();", "text/javascript", 0),
    ],
)
async def test_a_console_that_asks_for_a_pin_and_its_style_are_no_open_door(
    site_of, probe, text, kind, count
):
    async def console(request):
        return web.Response(text=text, content_type=kind)

    site = await site_of({"GET /console": console})
    await site.find("GET", "/console?part=1")
    assert len(await probe(AGENTS, "open-administration", site)) == count
