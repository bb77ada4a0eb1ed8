"""Guards that another spelling passes, old versions, methods; and what pages, leaks and versions say."""

import gzip
import json
import os
from pathlib import Path

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import leaks, outdated, pages, transport
from threatweaver_appsec.engine.components import Advisory, Component, Version, advisories_of

ROOT = Path(__file__).resolve().parents[5]
RECORDED = Path(os.environ.get("TW_TEST_DATA", ROOT.parent / "shared" / "data"))
HTML = ("Content-Type", "text/html")
DATA = {"user": "ann", "orders": [1, 2, 3], "city": "Bern"}


def guard(open_to):
    """Answer /api/v2/orders to a session, and to whoever `open_to` lets past."""

    async def orders(request):
        if "Cookie" not in request.headers and not open_to(request):
            raise web.HTTPUnauthorized
        if "orders" not in request.path.lower():
            raise web.HTTPNotFound
        return web.json_response(DATA)

    return orders


@pytest.mark.parametrize(
    ("ident", "open_to", "count"),
    [
        ("access-bypass", lambda request: False, 0),
        ("access-bypass", lambda request: request.path.endswith("/"), 1),
        ("access-bypass", lambda request: request.path != "/api/v2/orders" and "ORDERS" in request.path, 1),
        ("access-bypass", lambda request: request.headers.get("X-Real-IP") == "127.0.0.1", 1),
        ("access-bypass", lambda request: request.method == "PROPFIND", 1),
        ("old-api-version", lambda request: request.path.startswith("/api/v1/"), 1),
        ("old-api-version", lambda request: False, 0),
        ("old-api-version", lambda request: "/v2/" not in request.path, 0),  # whatever version: no older one
    ],
)
async def test_guards(site_of, probe, person, ident, open_to, count):
    ann = person("first", "ann", (("Cookie", "s=1"),))
    site = await site_of({"* /{any:.*}": guard(open_to)}, ann)
    await site.find("GET", "/api/v2/orders")
    assert len(await probe(transport.AGENTS, ident, site)) == count


@pytest.mark.parametrize(("answers", "count"), [(True, 1), (False, 0)])
async def test_trace(site_of, probe, answers, count):
    async def home(request):
        if request.method == "TRACE" and answers:
            lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            return web.Response(text=f"TRACE / HTTP/1.1\r\n{lines}", content_type="message/http")
        return web.Response(text=request.headers.get("X-Trace-Mark", ""))

    site = await site_of({"* /": home})
    assert len(await probe(transport.AGENTS, "trace-method", site)) == count


@pytest.mark.parametrize(("stores", "count"), [(True, 1), (False, 0)])
async def test_put(site_of, probe, stores, count):
    kept = {}

    async def file(request):
        if request.method == "PUT":
            if stores:
                kept[request.path] = await request.read()
            return web.Response(status=201)
        if request.method == "DELETE":
            kept.pop(request.path)
            return web.Response(status=204)
        if request.path not in kept:
            raise web.HTTPNotFound
        return web.Response(body=kept[request.path])

    site = await site_of({"* /{any:.*}": file})
    assert len(await probe(transport.AGENTS, "put-file", site)) == count
    assert kept == {}


LOGIN = "<form {0}><input type=password name=p {1}></form>"
LINK = "<a href='/x?access_token=0123456789abcdef0123'>x</a>"


@pytest.mark.parametrize(
    ("ident", "url", "body", "count"),
    [
        ("password-in-address", "https://a.test/", LOGIN.format("action=/in", ""), 1),
        ("password-in-address", "https://a.test/", LOGIN.format("action=/in method=POST", ""), 0),
        ("password-in-address", "https://a.test/", LOGIN.format("", ""), 0),  # a script sends it
        ("password-in-clear", "http://a.test/", LOGIN.format("method=post", ""), 1),
        ("password-in-clear", "https://a.test/", LOGIN.format("method=post action=http://a.test/in", ""), 1),
        ("password-in-clear", "https://a.test/", LOGIN.format("method=post", ""), 0),
        ("password-in-clear", "http://127.0.0.1:8000/", LOGIN.format("method=post", ""), 0),
        ("password-autocomplete", "https://a.test/", LOGIN.format("", "autocomplete=on"), 1),
        ("password-autocomplete", "https://a.test/", LOGIN.format("", ""), 0),
        ("mixed-content", "https://a.test/", "<script src=http://b.test/x.js></script>", 1),
        ("mixed-content", "https://a.test/", "<a href=http://b.test/>x</a>", 0),
        ("mixed-content", "http://a.test/", "<script src=http://b.test/x.js></script>", 0),
        ("foreign-script", "https://a.test/", "<script src=https://cdn.test/x.js></script>", 1),
        (
            "foreign-script",
            "https://a.test/",
            "<script src=https://cdn.test/x.js integrity=sha384-x></script>",
            0,
        ),
        ("foreign-script", "https://a.test/", "<script src=/x.js></script>", 0),
        ("session-in-address", "https://a.test/", LINK, 1),
        ("session-in-address", "https://a.test/", "<a href='https://b.test/?sid=0123456789abcdef'>x</a>", 0),
    ],
)
def test_pages(look, ident, url, body, count):
    assert len(look(pages.AGENTS, ident, url=url, headers=[HTML], body=body)) == count


@pytest.mark.parametrize(
    ("control", "identity", "count"),
    [("public, max-age=60", "first", 1), ("no-store", "first", 0), ("public", "", 0)],
)
def test_private_data_in_caches(look, control, identity, count):
    sent = [("Content-Type", "application/json"), ("Cache-Control", control)]
    found = look(
        pages.AGENTS, "private-cached", headers=sent, identity=identity, body='{"phone": "555-0100"}'
    )
    assert len(found) == count


def test_data_as_a_script(look):
    script = [("Content-Type", "application/javascript")]
    ask = {"url": "https://a.test/me?callback=show", "headers": script, "identity": "first"}
    assert len(look(pages.AGENTS, "jsonp", body='show({"user": "ann"})', **ask)) == 1
    assert look(pages.AGENTS, "jsonp", body='hide({"user": "ann"})', **ask) == []


@pytest.mark.parametrize(
    ("ident", "headers", "body", "count"),
    [
        ("internal-address", [HTML], "served by 10.1.2.3", 1),
        ("internal-address", [HTML, ("X-Backend", "192.168.0.7:80")], "", 1),
        ("internal-address", [HTML], "version 10.1.2.3.4 of 10.999.1.1", 0),
        ("version-banner", [("Server", "Apache/2.4.1")], "", 1),
        ("version-banner", [("Server", "cloudflare")], "", 0),
        ("source-map", [("Content-Type", "text/javascript")], "x()\n//# sourceMappingURL=app.js.map", 1),
        (
            "source-map",
            [("Content-Type", "text/javascript")],
            "//# sourceMappingURL=data:application/json,x",
            0,
        ),
        ("credentials-in-comment", [HTML], "<!-- TODO: password: hunter42 -->", 1),
        ("credentials-in-comment", [HTML], "<!-- password: ****** -->", 0),
        ("credentials-in-comment", [HTML], "<p>password: hunter42</p>", 0),
        ("directory-listing", [HTML], "<title>Index of /backup</title><a href=x>x</a>", 1),
        ("directory-listing", [HTML], "<title>Index of our shop</title><a href=x>x</a>", 0),
    ],
)
def test_leaks(look, ident, headers, body, count):
    found = look(leaks.AGENTS, ident, headers=headers, body=body)
    assert len(found) == count
    assert all("hunter42" not in proof.excerpt for proof in found)


def test_the_trace_of_an_error_is_no_note(look):
    body = "<!-- Traceback\n execute(f\"WHERE user = 'a' AND password = 'hunter42'\") -->"
    assert len(look(leaks.AGENTS, "credentials-in-comment", body=body)) == 1
    assert look(leaks.AGENTS, "credentials-in-comment", body=body, status=500) == []


def test_a_name_that_nobody_claims(look):
    body = "<p>There isn't a GitHub Pages site here.</p>"
    assert len(look(leaks.AGENTS, "subdomain-takeover", status=404, body=body)) == 1
    assert look(leaks.AGENTS, "subdomain-takeover", body=body) == []


JQUERY = json.dumps(
    {
        "id": "GHSA-1",
        "aliases": ["CVE-2020-11023"],
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "jquery"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.3"}, {"fixed": "3.5.0"}]}],
            }
        ],
    }
)
SNAPSHOT = advisories_of([JQUERY, JQUERY.replace('"id"', '"withdrawn": "2021-01-01T00:00:00Z", "id"'), b"{"])
SCRIPTS = [("Content-Type", "application/javascript")]


@pytest.mark.parametrize(
    ("headers", "body", "key"),
    [
        ([HTML], "<script src=/js/jquery-3.4.1.min.js></script>", "npm/jquery@3.4.1"),
        (
            [HTML],
            "<script src='https://cdn.test/npm/jquery@3.4.1/dist/jquery.js'></script>",
            "npm/jquery@3.4.1",
        ),
        ([HTML], "<script src=/libs/jquery/1.12.4/jquery.min.js></script>", "npm/jquery@1.12.4"),
        ([HTML], "<script src=/jquery.min.js?ver=1.12.4></script>", "npm/jquery@1.12.4"),
        ([HTML], "<script src=/js/jquery-3.7.1.min.js></script>", None),
        ([HTML], "<script src=/js/jquery-tables-1.1.1.js></script>", None),
        (SCRIPTS, "/*! jQuery v2.2.4 | (c) jQuery Foundation */", "npm/jquery@2.2.4"),
        (SCRIPTS, "/*! jQuery UI - v1.12.1 - 2016 */", None),
    ],
)
def test_versions_with_advisories(look, headers, body, key):
    found = look((outdated.outdated(SNAPSHOT),), "outdated-component", headers=headers, body=body)
    assert [proof.key for proof in found] == ([key] if key else [])
    assert all("CVE-2020-11023" in proof.says and "3.5.0" in proof.says for proof in found)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("1.9", "1.10"),
        ("1.0.0-rc1", "1.0.0"),
        ("1.9.0b1", "1.9.0"),
        ("2", "2.0.1"),
        ("v1.2.3", "1.2.4"),
        ("1.0.0a1", "1.0.0b1"),
    ],
)
def test_versions_stand_in_order(low, high):
    assert Version(low) < Version(high)
    assert Version("1.0.0") == Version("v1")


def test_real_advisories():
    path = RECORDED / "intel" / "osv-npm-retirejs.jsonl.gz"
    with gzip.open(path) as lines:
        lookup = advisories_of(lines)
    found = lookup(Component("npm", "jquery", "3.4.1"))
    assert {"CVE-2020-11022", "CVE-2020-11023"} <= {alias for one in found for alias in one.aliases}
    assert all(isinstance(one, Advisory) and one.fixed == "3.5.0" for one in found)
    assert lookup(Component("npm", "jquery", "3.7.1")) == []
