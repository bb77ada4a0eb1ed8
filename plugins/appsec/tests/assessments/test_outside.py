"""Nothing of a scan reaches anybody but its target, whatever the target says; the audit log tells."""

import asyncio
import json

import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from outside import Outside

ACTION = "job:appsec.refuse_request"
PLACES = (
    *("http://OUT/plain", "//OUT/relative", "http://user@OUT/", "http://OWN@OUT/", "http://OWN\\@OUT/"),
    *(
        "http://OWN%40OUT/",
        "http://[::ffff:127.0.0.1]:PORT/",
        "http://2130706433:PORT/",
        "http://127.1:PORT/",
    ),
    *(
        "http://0177.0.0.1:PORT/",
        "http://0x7f000001:PORT/",
        "http://127.0.0.1.:PORT/",
        "http://localhost:PORT/",
    ),
    *(
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
    ),
    *(
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "ftp://OUT/",
        "gopher://OUT/_x",
        "file:///etc/passwd",
    ),
)
FEED = """<?xml version="1.0"?><!DOCTYPE urlset SYSTEM "http://OUT/dtd" [<!ENTITY e SYSTEM "http://OUT/entity">
<!ENTITY % p SYSTEM "http://OUT/parameter"> %p;]><urlset><url><loc>http://OUT/located</loc></url>
<url><loc>&e;</loc></url><?xml-stylesheet href="http://OUT/style.xsl"?></urlset>"""
OPENAPI = {
    "openapi": "3.0.0",
    "info": {"title": "x", "version": "1"},
    "servers": [{"url": "http://OUT/api"}],
    "paths": {"/far": {"get": {"responses": {"200": {"description": "x"}}}, "$ref": "http://OUT/ref.json"}},
}
SCRIPT = """<script>fetch('http://OUT/script').catch(() => 0); new EventSource('http://OUT/events');
new WebSocket('ws://OUT/socket'); new RTCPeerConnection({iceServers: [{urls: 'stun:OUT'}]})
  .createOffer({offerToReceiveAudio: true}).catch(() => 0); navigator.sendBeacon('http://OUT/beacon');</script>"""


@pytest.fixture
def loopback(kernel, monkeypatch):
    """The operator's allow-list names loopback."""
    monkeypatch.setitem(kernel.registry.settings["appsec"], "allowed_targets", "127.0.0.0/8")


@pytest.fixture
async def tempting():
    """A target that sends its visitors elsewhere in every way: (base, whom it sends them to)."""
    async with Outside() as outside:

        def told(text):
            places = {"OUT": f"127.0.0.1:{outside.port}", "OWN": "127.0.0.1:80", "PORT": str(outside.port)}
            for name, place in places.items():
                text = text.replace(name, place)
            return text

        async def show(request):
            match request.path:
                case "/robots.txt":
                    return web.Response(text=told("Sitemap: http://OUT/sitemap.xml\nSitemap: /sitemap.xml"))
                case "/sitemap.xml":
                    return web.Response(text=told(FEED), content_type="application/xml")
                case "/openapi.json":
                    return web.Response(text=told(json.dumps(OPENAPI)), content_type="application/json")
                case "/go" | "/later":
                    status = 302 if request.path == "/go" else 307
                    return web.Response(status=status, headers={"Location": told("http://OUT/redirected")})
            links = "".join(f'<a href="{place}">x</a><iframe src="{place}"></iframe>' for place in PLACES)
            form = (
                '<form action="http://OUT/form"><input name=a></form><a href="/go?to=x">g</a><a href=/later>'
            )
            text = told(f"<!doctype html><body>{links}{form}{SCRIPT}</body>")
            headers = {
                "Refresh": told("9; url=http://OUT/refreshed"),
                "Link": told("<http://OUT/l>; rel=preload"),
            }
            return web.Response(text=text, content_type="text/html", headers=headers)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", show)
        async with TestServer(app) as server:
            yield f"http://127.0.0.1:{server.port}", outside


async def over(space, made):
    path = f"/assessments/{made['id']}"
    for _ in range(4_000):
        found = await space.get(path)
        if found["finishedAt"]:
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError(found)


async def refusals(space, made):
    """Where the audit log says that the scan did not ask, and why."""
    target = f"appsec-assessment:{made['id']}"
    async with space.unit() as unit:
        rows = await unit.connection.fetch(
            "SELECT outcome, after FROM audit_line WHERE action = $1 AND target = $2", ACTION, target
        )
    assert {row["outcome"] for row in rows} <= {"failure"}
    said = [json.loads(row["after"]) for row in rows]
    return {one["where"]: one["why"] for one in said}


async def test_what_a_target_sends_elsewhere_does_not_go_there(space, worker, loopback, tempting):
    base, outside = tempting
    target = await space.target(baseUrl=base)
    body = {"name": f"all {base[-5:]}", "maxSeconds": 60, "maxRequests": 4000, "safe": False}
    profile = await space.post("/scan-profiles", body, status=201)
    made = await space.assessment(target, profile=profile["name"])
    await space.post(f"/assessments/{made['id']}/launch")
    found = await over(space, made)
    assert found["requests"] > 20, found
    assert outside.heard == []
    said = await refusals(space, made)
    there = f"http://127.0.0.1:{outside.port}"
    assert "not in scope" in said[there]
    expected = {
        "http://169.254.169.254:80",
        "http://[fd00:ec2::254]:80",
        "http://metadata.google.internal:80",
    }
    assert expected <= set(said), sorted(said)
    lines = await space.get(f"/assessments/{made['id']}/requests?failed=true&limit=200")
    assert any(line["url"].startswith(there) and line["fault"] == "out_of_scope" for line in lines)


async def test_a_name_that_leads_inside_is_not_asked(space, worker, kernel, monkeypatch):
    """The operator lists the name, and no network that is not public."""
    monkeypatch.setitem(kernel.registry.settings["appsec"], "allowed_targets", "localhost")
    async with Outside() as outside:
        target = await space.target(baseUrl=f"http://localhost:{outside.port}")
        made = await space.assessment(target)
        await space.post(f"/assessments/{made['id']}/launch")
        found = await over(space, made)
        assert (found["state"], outside.heard) == ("inconclusive", [])
    assert "may not be asked" in found["message"]
    ((where, why),) = (await refusals(space, made)).items()
    assert where == f"http://localhost:{outside.port}"
    assert "is not public" in why


async def test_a_target_that_nobody_proved_is_not_asked(space, worker):
    async with Outside() as outside:
        target = await space.target(baseUrl=f"http://127.0.0.1:{outside.port}")
        made = await space.assessment(target)
        found = await space.post(f"/assessments/{made['id']}/launch")
        assert (found["state"], found["reason"]) == ("inconclusive", "TARGET_NOT_VERIFIED")
        assert outside.heard == []
    async with space.unit() as unit:
        path = f"/api/appsec/assessments/{made['id']}/launch"
        assert await unit.connection.fetchval("SELECT count(*) FROM audit_line WHERE path = $1", path) == 1


async def test_the_emergency_stop_ends_the_browser(space, worker, loopback):
    asked, hits = asyncio.Event(), []

    async def show(request):
        hits.append(request.path)
        if request.path == "/from-script":
            asked.set()
        text = "<script>setInterval(() => fetch('/from-' + 'script').catch(() => 0), 20)</script>"
        return web.Response(text=text, content_type="text/html")

    def browsers():
        return [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", show)
    async with TestServer(app) as server:
        target = await space.target(baseUrl=f"http://127.0.0.1:{server.port}")
        made = await space.assessment(target)
        await space.post(f"/assessments/{made['id']}/launch")
        await asyncio.wait_for(asked.wait(), 60)
        assert browsers()
        await space.post("/emergency-stop", {"reason": "The shop is slow."})
        await asyncio.sleep(2)
        count = len(hits)
        found = await over(space, made)
        assert len(hits) == count
    assert (found["state"], found["reason"]) == ("cancelled", "EMERGENCY_STOP")
    for _ in range(200):
        if not browsers():
            break
        await asyncio.sleep(0.05)
    assert browsers() == []
    await space.call("DELETE", "/emergency-stop", status=200)


async def test_nothing_is_looked_at_again_after_the_emergency_stop(space, finding_rows, loopback):
    async with Outside() as outside:
        target = await space.target(baseUrl=f"http://127.0.0.1:{outside.port}")
        seen = await space.seen(target, await space.assessment(target), [finding_rows()])
        await space.post("/emergency-stop", {})
        refused = await space.call("POST", f"/findings/{seen.ids[0]}/retest", status=409)
        assert refused["code"] == "SCANS_STOPPED"
        assert outside.heard == []
        await space.call("DELETE", "/emergency-stop", status=200)
