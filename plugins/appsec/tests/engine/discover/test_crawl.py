"""The crawl: everything once, endless sites within bounds, in the same order, and on from where it was."""

import asyncio
import itertools
import json
import tracemalloc

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.discover.crawl import Crawl
from threatweaver_appsec.engine.discover.discovery import Discovery
from threatweaver_appsec.engine.discover.forms import Field, fill_in
from threatweaver_appsec.engine.discover.leads import Bounds, Frontier, Lead
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.ports import Session, Skipped


async def crawled(target, identity=None, **options):
    frontier = Frontier(options.pop("bounds", Bounds()))
    frontier.add([Lead(Request("GET", target.base + "/"), "seed")])
    return [item async for item in Crawl(target.client, identity, frontier, **options).run()]


def operations(target, items):
    return [
        f"{item.request.method} {item.request.url.removeprefix(target.base)}"
        for item in items
        if isinstance(item, Operation)
    ]


def skipped(target, items):
    return {item.what.replace(target.base, ""): item.why for item in items if isinstance(item, Skipped)}


async def test_links_forms_and_scripts_are_followed_breadth_first(target, page):
    site = await target(
        {
            "GET /": page(
                "<a href=/a>A</a><a href=/b?x=1>B</a><form action=/search><input name=q></form><script src=/app.js></script>"  # noqa: E501
                "<a href=/logout>x</a><a href=/session>Log out</a><a href=http://elsewhere.test/>y</a><a href=/pic.png>z</a>"  # noqa: E501
            ),
            "GET /a": page("<a href=/deep/er>D</a><form method=post action=/save><input name=v></form>"),
            "GET /b": page("<a href=/a>again</a>"),
            "GET /deep/er": page("<p>end"),
            "GET /search": page("found"),
            "POST /save": page("saved"),
            "GET /app.js": page("fetch('/api/items?id=1')", "application/javascript"),
            "GET /api/items": page('{"next": "/api/items?page=2"}', "application/json"),
        }
    )
    items = await crawled(site)
    assert operations(site, items) == [
        "GET /",
        "GET /search?q=threatweaver",
        "GET /a",
        "GET /b?x=1",
        "POST /save",
        "GET /deep/er",
        "GET /api/items?id=1",
        "GET /api/items?page=2",
    ]
    assert "GET /logout" not in site.sent
    assert "GET /session" not in site.sent
    assert "GET /pic.png" not in site.sent
    assert skipped(site, items)["http://elsewhere.test"].startswith("origin http://elsewhere.test:80")
    save = next(item for item in items if isinstance(item, Operation) and item.writes)
    assert (save.source, save.page, save.baseline.text) == ("form", site.base + "/a", "saved")


async def test_an_endless_calendar_and_generated_pages_are_a_handful(target):
    async def calendar(request):
        number = int(request.match_info["n"])
        links = "".join(f"<a href=/calendar/{number + step}>d</a>" for step in range(1, 30))
        return web.Response(
            text=links + f"<a href=/calendar/{number}?view={number}>v</a>", content_type="text/html"
        )

    async def product(request):
        name = int(request.match_info["name"].strip("item") or 0) + 1
        return web.Response(
            text=f"<a href=/p/item{name}>more</a><form><input name=q></form>", content_type="text/html"
        )

    async def home(request):
        links = "".join(f"<a href=/product/{number}>p</a>" for number in range(10_000))
        return web.Response(
            text=links + "<a href=/calendar/1>c</a><a href=/p/item1>p</a>", content_type="text/html"
        )

    site = await target(
        {
            "GET /": home,
            "GET /product/{name}": product,
            "GET /calendar/{n}": calendar,
            "GET /p/{name}": product,
        }
    )
    items = await crawled(site)
    assert len(site.sent) < 60
    found = operations(site, items)
    assert len([one for one in found if one.startswith("GET /product")]) <= 2
    assert len([one for one in found if one.startswith("GET /calendar")]) <= 2


async def test_pages_that_are_cases_of_their_own_are_all_found(target):
    async def home(request):
        links = "".join(f"<a href=/case/Case{number:03}-Word.do?>c</a>" for number in range(120))
        return web.Response(text=links, content_type="text/html")

    async def case(request):
        name = request.match_info["name"]
        return web.Response(
            text=f"<form method=post action=/case/{name}><input name=v></form>", content_type="text/html"
        )

    site = await target({"GET /": home, "GET /case/{name}": case, "POST /case/{name}": case})
    found = operations(site, await crawled(site))
    assert len([one for one in found if one.startswith("POST /case/Case")]) == 120


async def test_a_hundred_thousand_links_and_large_bodies_stay_within_memory(target):
    async def home(request):
        links = "".join(
            f"<a href=/w{'abcdefghij'[number % 10]}/{number:x}z>l</a>" for number in range(100_000)
        )
        return web.Response(text=links, content_type="text/html")

    async def other(request):
        return web.Response(text="<a href=/x>x</a>" + "y" * 1_500_000, content_type="text/html")

    site = await target({"GET /": home, "GET /{a}/{b}": other})
    tracemalloc.start()
    items = await crawled(site, bounds=Bounds(pages=150))
    site.exchanges.clear()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(site.sent) <= 150
    assert kept < 120_000_000
    assert all(len(item.baseline.response.body) <= 256_000 for item in items if isinstance(item, Operation))


async def test_what_would_harm_is_not_asked_in_safe_mode_and_passwords_are_not_changed(target, page):
    site = await target(
        {
            "GET /": page(
                "<a href=/item/1/delete>Delete</a><form method=post action=/clean><input name=a>"
                "<input type=submit name=purge value='Purge all'></form>"
                "<form method=post action=/password><input type=password name=new></form>"
                "<form method=post action=/account><input type=password name=new><input type=password name=again></form>"  # noqa: E501
            ),
            "POST /account": page("differ"),
        }
    )
    items = await crawled(site, identity="ann")
    assert site.sent == ["GET /", "POST /account"]
    body = site.exchanges[-1].request.body.decode()
    first, second = (pair.partition("=")[2] for pair in body.split("&"))
    assert first != second
    assert {"safe mode: it says delete", "safe mode: it says purge"} <= set(skipped(site, items).values())
    assert "it would change the password of the identity" in skipped(site, items).values()


async def test_redirects_are_followed_within_scope_and_loops_end(target):
    async def onward(request):
        raise web.HTTPFound({"/": "/two", "/two": "/loop", "/loop": "/loop"}[request.path])

    async def away(request):
        raise web.HTTPFound("http://169.254.169.254/latest/")

    site = await target({"GET /": onward, "GET /two": onward, "GET /loop": onward, "GET /away": away})
    assert operations(site, await crawled(site)) == ["GET /", "GET /two", "GET /loop"]


async def test_a_crawl_goes_on_where_it_was_and_finds_the_same(target):
    async def any_page(request):
        depth = request.path.count("/")
        links = "".join(f"<a href={request.path.rstrip('/')}/{word}>l</a>" for word in ("a", "b", "c"))
        form = f"<form action={request.path.rstrip('/')}/f><input name=q{depth}></form>"
        if request.path.endswith("/f"):
            return web.Response(text="found")
        return web.Response(text=(links if depth < 4 else "") + form, content_type="text/html")

    site = await target({"GET /{path:.*}": any_page})
    whole = operations(site, await crawled(site))
    assert operations(site, await crawled(site)) == whole
    frontier = Frontier(Bounds())
    frontier.add([Lead(Request("GET", site.base + "/"), "seed")])
    parts: list = []
    for _ in range(200):
        run = Crawl(site.client, None, frontier).run()
        items = []
        for _ in range(5):  # then the worker is killed, at the end of a batch
            items += [item async for item in _some(run)]
        await run.aclose()
        parts += items
        if not items:
            break
        frontier = Frontier.load(json.loads(json.dumps(frontier.dump())), Bounds())
    assert sorted(set(operations(site, parts))) == sorted(whole)


async def _some(run):
    async for item in run:
        yield item
        return


async def test_discovery_asks_well_known_places_documents_and_the_wordlist(target, page):
    openapi = {
        "openapi": "3.0.0",
        "info": {},
        "paths": {
            "/pets/{petId}": {"get": {"parameters": [{"in": "path", "name": "petId", "schema": {"type": "integer"}}]}},  # noqa: E501
            "/pets": {"post": {"requestBody": {"content": {"application/json": {"schema": {
                "properties": {"name": {"type": "string"}}}}}}}, "delete": {}},
        },
    }  # fmt: skip
    site = await target(
        {
            "GET /": page("<p>nothing here"),
            "GET /robots.txt": page("User-agent: *\nDisallow: /hidden*\nSitemap: /map.xml", "text/plain"),
            "GET /map.xml": page("<urlset><url><loc>/from-map?id=1</loc></url></urlset>", "application/xml"),
            "GET /hidden": page("<a href=/hidden/more>x</a>"),
            "GET /hidden/more": page("y"),
            "GET /from-map": page("z"),
            "GET /openapi.json": page(json.dumps(openapi), "application/json"),
            "GET /pets/{id}": page("{}", "application/json"),
            "POST /pets": page("{}", "application/json"),
            "GET /admin": page("<title>Admin</title>", status=403),
        }
    )
    items = [item async for item in Discovery(browser=None)(site.client, site.base, None)]
    found = operations(site, items)
    assert sorted(found) == sorted(
        [
            "GET /",
            "GET /hidden",
            "GET /hidden/more",
            "GET /from-map?id=1",
            "GET /pets/1",
            "POST /pets",
            "GET /admin",
        ]
    )
    assert skipped(site, items)["DELETE /pets"] == "method DELETE is not sent in safe mode"
    pet = next(item for item in items if isinstance(item, Operation) and item.source == "openapi")
    assert pet.template == "/pets/{petId}"


async def test_a_target_with_an_answer_for_everything_has_no_hidden_places(target):
    async def same(request):
        return web.Response(text=f"<h1>Welcome</h1> You asked for {request.path}", content_type="text/html")

    site = await target({"GET /{any:.*}": same})
    items = [item async for item in Discovery(browser=None)(site.client, site.base, None)]
    assert operations(site, items) == ["GET /"]


async def test_who_is_signed_in_is_shown_what_nobody_is_shown_too(target, page):
    """The way to sign in and to register, which the signed-in start page does not have."""

    async def home(request):
        inside = "<form method=post action=/change><input type=password name=password></form>"
        outside = "<a href=/login>Sign in</a>"
        signed_in = request.cookies.get("sid") == "1"
        return web.Response(text=inside if signed_in else outside, content_type="text/html")

    async def change(request):
        changed.append((await request.post())["password"])
        return web.Response(text="changed", content_type="text/html")

    changed = []
    login = "<form method=post action=/login><input name=u><input type=password name=password></form>"
    site = await target(
        {
            "GET /": home,
            "POST /change": change,
            "GET /login": page(login),
            "POST /login": page("no"),
        },
        safe=False,
    )
    site.client.enter("ann", Session(cookies=(("sid", "1"),)))
    discovery = Discovery(browser=None, well_known=False, words=(), safe=False, password="own")
    items = [item async for item in discovery(site.client, site.base, "ann")]
    assert operations(site, items) == ["GET /", "POST /change", "GET /", "GET /login", "POST /login"]
    assert changed == ["own"]
    again = [item async for item in discovery(site.client, site.base, "ann")]
    assert operations(site, again) == operations(site, items)


async def test_what_sets_a_password_is_sent_by_itself(target, page):
    """Many sites renew the session with it, and end the one that another request still carries."""
    form = "<form method=post action=/change><input type=password name=password></form>"
    pages = {"GET /": page(f"{form}<a href=/a>a</a><a href=/b>b</a>"), "POST /change": page("changed")}
    site = await target(pages | {"GET /a": page("a"), "GET /b": page("b")}, safe=False)
    site.client.enter("ann", Session(cookies=(("sid", "1"),)))
    crawl = Crawl(site.client, "ann", safe=False, password="own")
    crawl.frontier.add([Lead(Request("GET", f"{site.base}/"), "seed")])
    assert len([item async for item in crawl.run()]) == 4
    assert site.sent == ["GET /", "GET /a", "GET /b", "POST /change"]  # after those of its time


def test_a_text_is_filled_in_with_words():
    """Half of a name that means a number is no number: message is no age."""
    assert {fill_in(Field(name, "textarea")) for name in ("message", "page", "amount")} == {"threatweaver"}
    names = ("message", "language", "image", "age", "user_age", "id")
    assert [fill_in(Field(name)) for name in names] == [
        "threatweaver", "en", "threatweaver", "1", "1", "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "sent"),
    [
        ("$.ajax({method: 'post', url: '/buy', data: $('#order').serialize()})", "POST /buy"),
        ("$.post('/buy', $(\"#order\").serialize())", "POST /buy"),
        ("fetch('/buy', {body: new FormData(document.getElementById('order')), method: 'PUT'})", "PUT /buy"),
        ("$.get('/buy', $('#order').serialize())", "GET /buy?amount=1"),
        ("show($('#order').serialize())", None),
        ("$.post('/buy', $('#other').serialize())", None),
    ],
)
async def test_a_form_that_a_script_sends_is_sent_where_the_script_says(target, page, script, sent):
    text = f"<form id=order><input name=amount></form><script>{script}</script>"
    places = {f"{method} /buy": page("bought") for method in ("GET", "POST", "PUT")}
    site = await target({"GET /": page(text), **places}, safe=False)
    items = await crawled(site, safe=False)
    bought = [item for item in items if isinstance(item, Operation) and item.source == "form"]
    found = [one for one in operations(site, bought) if "/buy" in one]
    assert found == ([sent] if sent else [])


async def test_what_was_late_is_asked_once_more(target):
    """A page that keeps the target busy makes others late that have done nothing."""
    turns = itertools.count()

    async def busy(request):
        if next(turns) == 0:
            await asyncio.sleep(30)
        return web.Response(text="<a href=/behind>more</a>", content_type="text/html")

    async def behind(request):
        return web.Response(text="x", content_type="text/html")

    site = await target({"GET /": busy, "GET /behind": behind}, limits={"answer_seconds": 0.3})
    assert operations(site, await crawled(site)) == ["GET /", "GET /behind"]
