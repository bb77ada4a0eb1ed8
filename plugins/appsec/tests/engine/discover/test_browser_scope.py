"""What a page does to get a request out of the browser: none leaves but those that the sender sends."""

import asyncio
import json
import os
import sys

import psutil
from aiohttp import web
from outside import Outside

from threatweaver_appsec.engine.discover import chromium
from threatweaver_appsec.engine.discover.browser import Browser
from threatweaver_appsec.engine.messages import Fault
from threatweaver_appsec.engine.ports import Skipped

PAGE = """<!doctype html><head>
<link rel=dns-prefetch href="//prefetched.example.com"><link rel=preconnect href="OUT">
<link rel=prefetch href="OUT/prefetch"><link rel=prerender href="OUT/prerender">
<link rel=preload as=fetch href="OUT/preload"><link rel=modulepreload href="OUT/module.js">
<link rel=stylesheet href="OUT/style.css">
<link rel=icon href="OUT/icon"><link rel=manifest href="OUT/manifest">
<style>@import url(OUT/import.css); @font-face {font-family: f; src: url(OUT/font)} body {font-family: f}
p {background: url(OUT/background)}</style>
<script type=speculationrules>{"prefetch": [{"source": "list", "urls": ["OUT/speculated"]}],
"prerender": [{"source": "list", "urls": ["OUT/prerendered"]}]}</script>
<script src="OUT/script.js"></script><script type=module>import("OUT/imported.js").catch(() => 0)</script>
</head><body><p>text</p>
<img src="OUT/image"><img srcset="OUT/set 1x"><iframe src="OUT/frame"></iframe>
<iframe src="file:///etc/passwd"></iframe>
<object data="OUT/object"></object><embed src="OUT/embed"><video src="OUT/video" autoplay></video>
<audio src="OUT/audio" autoplay></audio><svg><image href="OUT/svg"/><use href="OUT/use#a"/></svg>
<form id=f action="OUT/form" target=popup method=post><input name=a value=b></form>
<a id=a href="OUT/ping-target" ping="OUT/ping" target=_blank>a</a>
<a id=d download=x href="OUT/download">d</a>
<script>
const out = 'OUT', own = location.origin;
const quietly = (what) => { try { return what() } catch (error) { return null } };
const done = []; window.done = done;
fetch(out + '/fetch').catch(() => 0);
fetch(out + '/no-cors', {mode: 'no-cors', keepalive: true}).catch(() => 0);
quietly(() => { const x = new XMLHttpRequest(); x.open('GET', out + '/xhr'); x.send() });
quietly(() => { const x = new XMLHttpRequest(); x.open('GET', own + '/redirects'); x.send() });
quietly(() => navigator.sendBeacon(out + '/beacon', 'x'));
quietly(() => new EventSource(out + '/events'));
quietly(() => new WebSocket(out.replace('http', 'ws') + '/socket'));
quietly(() => new WebSocket(own.replace('http', 'ws') + '/own-socket'));
quietly(() => new WebTransport(out.replace('http:', 'https:') + '/transport'));
quietly(() => new Image().src = out + '/later');
quietly(() => window.open(out + '/opened')); quietly(() => document.getElementById('f').submit());
quietly(() => document.getElementById('a').click()); quietly(() => document.getElementById('d').click());
const worker = `fetch('${out}/worker').catch(() => 0);
  try { importScripts('${out}/imported') } catch (error) {}
  try { new WebSocket('${out.replace('http', 'ws')}/worker-socket') } catch (error) {}`;
quietly(() => new Worker(URL.createObjectURL(new Blob([worker]))));
quietly(() => new SharedWorker(own + '/shared.js'));
quietly(() => navigator.serviceWorker.register('/service.js').then(() => done.push('service'), () => 0));
quietly(async () => {
  const peer = new RTCPeerConnection({iceServers: [{urls: ['stun:127.0.0.1:PORT', 'stun:localhost:PORT']},
    {urls: ['turn:127.0.0.1:PORT?transport=udp', 'turn:127.0.0.1:PORT?transport=tcp',
      'turns:127.0.0.1:PORT?transport=tcp'], username: 'u', credential: 'c'}]});
  peer.createDataChannel('x'); await peer.setLocalDescription(await peer.createOffer());
  await peer.setRemoteDescription({type: 'answer', sdp: peer.localDescription.sdp
    .replace('a=setup:actpass', 'a=setup:active')}).catch(() => 0);
  await peer.addIceCandidate({candidate: 'candidate:1 1 udp 2122260223 127.0.0.1 PORT typ host', sdpMid: '0'})
    .catch(() => 0);
  done.push('peer');
});
</script>"""
WORKER = """self.addEventListener('install', (e) => { e.waitUntil(fetch('OUT/service').catch(() => 0)) });
self.addEventListener('activate', () => { fetch('OUT/activated').catch(() => 0) });
try { importScripts('OUT/imported-by-service') } catch (error) {}
fetch('OUT/service-started').catch(() => 0); fetch('/from-service').catch(() => 0);"""
REPORTS = {"group": "g", "max_age": 1000, "endpoints": [{"url": "OUT/reports"}], "include_subdomains": True}


async def test_nothing_leaves_but_through_the_sender(target):
    async with Outside() as outside:
        out = f"http://127.0.0.1:{outside.port}"
        hits = []

        def told(text):
            return text.replace("OUT", out).replace("PORT", str(outside.port))

        async def home(request):
            hits.append(f"{request.method} {request.path_qs}")
            if request.path == "/redirects":
                return web.Response(status=302, headers={"Location": f"{out}/redirected"})
            if request.path in {"/service.js", "/shared.js"}:
                return web.Response(text=told(WORKER), content_type="text/javascript")
            headers = {
                "Link": f"<{out}/linked>; rel=preload; as=script, <{out}>; rel=preconnect",
                "Content-Security-Policy": f"report-uri {out}/csp; report-to g",
                "Report-To": told(json.dumps(REPORTS)),
                "Content-Security-Policy-Report-Only": f"img-src 'none'; report-uri {out}/csp",
                "NEL": '{"report_to": "g", "max_age": 1000, "success_fraction": 1.0}',
                "Refresh": f"3; url={out}/refreshed",
                "Set-Cookie": "a=b",
            }
            return web.Response(text=told(PAGE), content_type="text/html", headers=headers)

        site = await target({"* /{path:.*}": home})
        items = [one async for one in Browser(pages=2, wait=6.0).look(site.client, site.base + "/", None)]
        assert any(not isinstance(one, Skipped) for one in items), items
        assert "/" in {one.partition(" ")[2] for one in hits}
        assert outside.heard == []
        sent = [one for one in site.exchanges if one.response]
        assert len(hits) == len(sent)  # not one of the target's own either
        refused = {one.request.url for one in site.exchanges if one.fault is Fault.OUT_OF_SCOPE}
        assert {f"{out}/fetch", f"{out}/frame", f"{out}/script.js"} <= refused  # and the log tells them


HEAVY = """<body><script>const kept = []; fetch('/slow');
setInterval(() => { const one = new Uint8Array(4e6); one.fill(1); kept.push(one) }, 5);
</script>"""


async def test_a_page_that_takes_memory_is_ended(target, page):
    async def slow(_):
        await asyncio.sleep(4)
        return web.Response()

    site = await target({"GET /": page(HEAVY), "GET /slow": slow})
    items = [one async for one in Browser(pages=2, wait=60).look(site.client, site.base + "/", None)]
    said = [one.why for one in items if isinstance(one, Skipped)]
    assert said == [f"the browser took more than {chromium.MOST_GROWTH} MB for the target's pages"]


async def test_a_page_that_asks_without_end_is_not_answered_without_end(target, page):
    asks = """<script>let n = 0; setInterval(() => { for (let i = 0; i < 100; i++)
      fetch('/api/x?n=' + n++).catch(() => 0) }, 10)</script>"""
    site = await target({"GET /": page(asks), "GET /api/x": page("{}")})
    async for _ in Browser(pages=1, wait=30.0).look(site.client, site.base + "/", None):
        pass
    assert 10 < len(site.sent) <= 2_001


async def test_a_stop_ends_the_browser_with_its_processes(target, page):
    asked = asyncio.Event()

    async def note(request):
        asked.set()
        return web.Response(text="x")

    endless = page("<script>setInterval(() => fetch('/x'), 50)</script>")
    site = await target({"GET /": endless, "GET /x": note})

    async def look():
        async for _ in Browser(pages=1, wait=60).look(site.client, site.base + "/", None):
            pass

    def browsers():
        return [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]

    looking = asyncio.create_task(look())
    await asked.wait()
    assert browsers()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert browsers() == []


OPENS = """import asyncio, sys
from threatweaver_appsec.engine.discover import chromium
async def main():
    async with chromium.tab(chromium.program()):
        print("open", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())"""


async def test_a_browser_ends_with_a_process_that_is_killed(tmp_path):
    def browsers():
        return [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(one.info["cmdline"])]

    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OPENS,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert await killed.stdout.readline() == b"open\n"
    assert len(browsers()) > 2
    killed.kill()
    await killed.wait()
    for _ in range(300):
        if not browsers():
            break
        await asyncio.sleep(0.1)
    assert browsers() == []
    assert list(tmp_path.iterdir()) == []
