"""The browser: what scripts ask for is found, and no request of it goes round the sender."""

from aiohttp import web

from threatweaver_appsec.engine.discover.browser import Browser
from threatweaver_appsec.engine.discover.leads import Lead
from threatweaver_appsec.engine.ports import Skipped

PAGE = """<body><div id=app></div><script>
document.cookie = 'fromjs=abc';
document.getElementById('app').innerHTML =
  '<a href="#/items">Items</a><a href="/made?x=1">m</a><input id=q><button id=go>Search</button><button id=d>Delete</button>';
document.getElementById('go').onclick = () => fetch('/api/' + 'search', {method: 'POST',
  headers: {'Content-Type': 'application/json'}, body: JSON.stringify({q: document.getElementById('q').value})});
document.getElementById('d').onclick = () => fetch('/api/' + 'gone');
const route = () => { if (location.hash === '#/items') fetch('/api/' + 'items?page=' + 1); };
window.onhashchange = route; route();
fetch('http://127.0.0.1:9/outside'); new WebSocket('ws://127.0.0.1:9/outside');
</script>"""  # noqa: E501


async def test_no_browser_is_said():
    items = [item async for item in Browser(path="/nonexistent/chromium").look(None, "http://a.test/", None)]
    assert [type(item) for item in items] == [Skipped]


async def test_routes_and_calls_of_scripts_are_found(target, page):
    async def api(request):
        return web.json_response({"ok": True})

    site = await target({"GET /": page(PAGE), "GET /api/{x}": api, "POST /api/{x}": api, "GET /made": api})
    items = [item async for item in Browser(pages=4).look(site.client, site.base + "/", "ann")]
    calls = {
        f"{one.request.method} {one.request.url.removeprefix(site.base)}": one
        for one in items
        if isinstance(one, Lead)
    }
    assert set(calls) == {"GET /api/items?page=1", "POST /api/search"}
    assert calls["POST /api/search"].request.body == b'{"q":"threatweaver"}'
    assert ("Cookie", "fromjs=abc") in calls["POST /api/search"].request.headers
    assert "POST /api/search" not in site.sent
    answered = [one.request.url for one in site.exchanges if one.response]
    assert not any("outside" in one or "gone" in one for one in answered)
    links = {link.url for one in items if not isinstance(one, Lead | Skipped) for link in one.links}
    assert site.base + "/made?x=1" in links
