"""Objects of others: read where nobody asks whose they are, and left alone where all is asked or public."""

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import ownership
from threatweaver_appsec.engine.agents.access import AGENTS

ORDERS = {
    101: {"id": 101, "owner": "ann", "address": "1 Elm Street", "total": 12},
    102: {"id": 102, "owner": "bob", "address": "7 Oak Avenue", "total": 40},
}


def who(request):
    return {"Bearer a": "ann", "Bearer b": "bob"}.get(request.headers.get("Authorization", ""))


def people(person):
    return (
        person("first", "ann", (("Authorization", "Bearer a"),)),
        person("second", "bob", (("Authorization", "Bearer b"),)),
    )


def listing(*, filtered):
    async def orders(request):
        if not who(request):
            raise web.HTTPUnauthorized
        seen = [order for order in ORDERS.values() if not filtered or order["owner"] == who(request)]
        return web.json_response({"orders": [{"id": order["id"], "owner": order["owner"]} for order in seen]})

    return orders


def one(*, asks, public=False, field="address"):
    async def order(request):
        found = ORDERS.get(int(request.match_info["id"]) if request.match_info["id"].isdigit() else 0)
        if not who(request) and not public:
            raise web.HTTPUnauthorized
        if found is None or (asks and found["owner"] != who(request)):
            return web.json_response({"error": "no such order"}, status=404)
        return web.json_response({"id": found["id"], "owner": found["owner"], field: found["address"]})

    return order


@pytest.mark.parametrize("filtered", [True, False])
async def test_an_order_of_somebody_else_is_read(site_of, probe, person, filtered):
    site = await site_of(
        {"GET /orders": listing(filtered=filtered), "GET /orders/{id}": one(asks=False)}, *people(person)
    )
    await site.find("GET", "/orders")
    await site.find("GET", "/orders/101")
    [proof] = await probe(AGENTS, "bola-read", site)
    assert proof.point.value == "101"
    assert "Oak" in proof.excerpt or "Elm" in proof.excerpt


async def test_ids_are_counted_where_no_listing_names_them(site_of, probe, person):
    site = await site_of({"GET /orders/{id}": one(asks=False)}, *people(person))
    await site.find("GET", "/orders/101")
    assert len(await probe(AGENTS, "bola-read", site)) == 1


@pytest.mark.parametrize(
    ("place", "handler"),
    [
        ("/orders", one(asks=True)),  # whose it is is asked
        ("/orders", one(asks=False, public=True)),  # everybody sees it
        ("/articles", one(asks=False, field="body")),  # an author's name makes no secret of a text
    ],
)
async def test_what_is_public_or_guarded_is_no_finding(site_of, probe, person, place, handler):
    site = await site_of(
        {f"GET {place}": listing(filtered=False), f"GET {place}/{{id}}": handler}, *people(person)
    )
    await site.find("GET", place)
    await site.find("GET", f"{place}/101")
    assert await probe(AGENTS, "bola-read", site) == []


async def profile(request):
    return web.json_response({"user": "ann", "phone": "555-0100"})


async def guarded(request):
    if not who(request):
        raise web.HTTPUnauthorized
    return await profile(request)


async def everything(request):
    return web.Response(text="<p>Welcome to the shop</p>", content_type="text/html")


@pytest.mark.parametrize(
    ("handlers", "count"),
    [
        ({"GET /profile": profile}, 1),
        ({"GET /profile": guarded}, 0),
        ({"GET /{any:.*}": everything}, 0),
    ],
)
async def test_an_operation_that_should_need_a_login(site_of, probe, person, handlers, count):
    site = await site_of(handlers, *people(person))
    await site.find("GET", "/profile", needs_login=True)
    assert len(await probe(AGENTS, "missing-authentication", site)) == count


async def test_a_page_behind_the_login_links_to_what_is_open(site_of, probe, person):
    site = await site_of(
        {"GET /home": guarded, "GET /profile": profile, "GET /help": everything}, *people(person)
    )
    await site.find("GET", "/profile", page=f"{site.base}/home")
    await site.find("GET", "/help", page=f"{site.base}/home")
    [proof] = await probe(AGENTS, "missing-authentication", site)
    assert "/profile" in proof.says


def account(*, asks):
    """Accounts by number, each with its name: answered to whoever is signed in, or to themselves only."""

    async def read(request):
        name = {"1": "ann", "2": "bob"}.get(request.match_info["id"])
        if not who(request):
            raise web.HTTPUnauthorized
        if name is None or (asks and name != who(request)):
            raise web.HTTPNotFound
        return web.json_response(
            {"id": request.match_info["id"], "username": name, "course": f"course of {name}"}
        )

    return read


@pytest.mark.parametrize(("asks", "edited", "count"), [(False, True, 1), (False, False, 0), (True, True, 0)])
async def test_an_account_that_is_edited_where_it_is_read(site_of, probe, person, asks, edited, count):
    site = await site_of({"GET /user/{id}": account(asks=asks)}, *people(person))
    await site.find("GET", "/user/1")
    if edited:
        await site.find(
            "PUT", "/user/1", headers=(("Content-Type", "application/json"),), body=b'{"course": "x"}'
        )
    assert len(await probe(AGENTS, "bola-read", site)) == count


class Notes:
    """Notes that have an owner; who may change one is asked, or not."""

    def __init__(self, *, asks):
        self.asks = asks
        self.notes = {"11": ["ann", "milk"], "12": ["bob", "bread"]}

    async def every(self, request):
        mine = [{"id": key} for key, (owner, _) in self.notes.items() if owner == who(request)]
        return web.json_response(mine)

    async def one(self, request):
        note = self.notes.get(request.match_info["id"])
        if note is None or note[0] != who(request):
            raise web.HTTPNotFound
        return web.json_response({"text": note[1]})

    async def change(self, request):
        note = self.notes.get(request.match_info["id"])
        if not who(request) or note is None or (self.asks and note[0] != who(request)):
            raise web.HTTPNotFound
        note[1] = (await request.json())["text"]
        return web.json_response({})


@pytest.mark.parametrize(("asks", "count"), [(False, 1), (True, 0)])
async def test_a_note_of_somebody_else_is_changed(site_of, probe, person, asks, count):
    notes = Notes(asks=asks)
    handlers = {"GET /notes": notes.every, "GET /notes/{id}": notes.one, "PUT /notes/{id}": notes.change}
    site = await site_of(handlers, *people(person))
    await site.find("GET", "/notes")
    await site.find("GET", "/notes/11")
    await site.find(
        "PUT", "/notes/11", headers=(("Content-Type", "application/json"),), body=b'{"text": "x"}'
    )
    assert len(await probe(ownership.AGENTS, "bola-object-write", site)) == count
    assert await probe(AGENTS, "bola-read", site) == []
