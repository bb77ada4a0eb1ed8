"""XML with entities, objects of programs, addresses that are fetched, headers, and scripts of pages."""

import asyncio
import base64
import io
import pickle
import urllib.request

import pytest
from aiohttp import web
from lxml import etree

from threatweaver_appsec.engine.agents import (
    dom,
    headers_split,
    objects,
    outputs,
    requests_forged,
    xml_entities,
)
from threatweaver_appsec.engine.messages import Exchange, Request, Response

XML = (("Content-Type", "application/xml"),)


def parsed(**options):
    async def answer(request):
        text = (await request.read()) if request.method == "POST" else request.query["xml"].encode()
        try:
            tree = etree.parse(io.BytesIO(text), etree.XMLParser(**options))
        except etree.XMLSyntaxError as error:
            return web.Response(text=str(error), status=400)
        return web.Response(text="you sent " + "".join(tree.getroot().itertext()))

    return answer


OPEN_PARSER = {"resolve_entities": True, "load_dtd": True, "no_network": False}


async def test_a_parser_that_reads_files_is_found(serve):
    target = await serve({"POST /x": parsed(**OPEN_PARSER), "GET /y": parsed(**OPEN_PARSER)})
    body = b"<?xml version='1.0'?><order><item>7</item></order>"
    found = await target.attack(xml_entities.AGENTS, "/x", method="POST", body=body, headers=XML, only="xxe")
    assert "root:" in found[0][2].excerpt
    found = await target.attack(xml_entities.AGENTS, "/y?xml=%3Ca/%3E", only="xxe")
    assert [point for _, point, _ in found] == ["xml"]


async def test_a_parser_that_reads_none_is_not(serve):
    target = await serve({"POST /x": parsed(resolve_entities=False, no_network=True), "POST /y": parsed()})
    for path in ("/x", "/y"):
        found = await target.attack(
            xml_entities.AGENTS, path, method="POST", body=b"<order><item>7</item></order>", headers=XML
        )
        assert found == []


def fetching(*, runs=False, refused=()):
    def answer(request):
        if any(text in request.query["url"] for text in refused):
            return "<p>not there</p>"
        try:
            with urllib.request.urlopen(request.query["url"], timeout=3) as got:
                text = got.read().decode()
        except (OSError, ValueError):
            return "<p>cannot be had</p>"
        if runs:
            return f"<pre>NameError: name '{text}' is not defined</pre>"
        return f"<p>{len(text)} bytes</p>"

    return answer


async def test_a_server_that_fetches_is_found_and_one_that_runs_what_it_fetched(serve):
    target = await serve(
        {
            "GET /fetch": fetching(),
            "GET /run": fetching(runs=True),
            "GET /filtered": fetching(refused=("127.", "localhost")),
            "GET /no": lambda _: "no",
        }
    )
    found = await target.attack(requests_forged.AGENTS, "/fetch?url=http://a.example/x")
    assert [agent for agent, _, _ in found] == ["ssrf"]
    found = await target.attack(requests_forged.AGENTS, "/run?url=http://a.example/x")
    assert sorted(agent for agent, _, _ in found) == ["file-inclusion", "ssrf"]
    found = await target.attack(requests_forged.AGENTS, "/filtered?url=http://a.example/x")
    assert [agent for agent, _, _ in found] == ["ssrf"]
    assert await target.attack(requests_forged.AGENTS, "/no?url=http://a.example/x") == []


def unpickled(read):
    def answer(request):
        try:
            return web.Response(text=str(pickle.loads(read(request.query["object"]))))
        except Exception as error:  # noqa: BLE001 - whatever a hostile pickle raises
            return web.Response(status=500, text=f"{type(error).__name__}")

    return answer


async def test_objects_that_are_read_are_found(serve):
    target = await serve(
        {
            "GET /raw": unpickled(str.encode),
            "GET /encoded": unpickled(base64.b64decode),
            "GET /shown": lambda request: f"<p>{request.query['object']}</p>",
        }
    )
    stored = base64.b64encode(pickle.dumps({"user": "ann"})).decode().replace("+", "%2B")

    async def found(path, value, agent):
        told = await target.attack(objects.AGENTS, f"{path}?object={value}", only=agent)
        assert [point for _, point, _ in told] == ["object"], (path, agent)

    await asyncio.gather(
        *(
            found(path, value, agent)
            for path, value in (("/raw", "1"), ("/encoded", stored))
            for agent in ("deserialization", "deserialization-time")
        )
    )
    assert await target.attack(objects.AGENTS, f"/shown?object={stored}") == []


async def test_a_header_that_a_value_ends_is_found(serve):
    async def split(reader, writer):
        line = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        value = urllib.request.unquote(line.partition("?lang=")[2])
        value = value if line.startswith("/open") else value.replace("\r", "").replace("\n", "")
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Lang: {value}\r\n\r\nok".encode("latin-1", "replace")
        )
        await writer.drain()
        writer.close()

    target = await serve(split)
    found = await target.attack(headers_split.AGENTS, "/open?lang=en")
    assert [(agent, point) for agent, point, _ in found] == [("header-injection", "lang")]
    assert await target.attack(headers_split.AGENTS, "/shut?lang=en") == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("document.write('<b>' + location.hash.slice(1) + '</b>')", True),
        ("var q = decodeURIComponent(location.search); box.innerHTML = 'You asked ' + q;", True),
        ("eval(window.location.hash.substr(1))", True),
        ("document.write('<b style=\"top: 1px; left: 1px\">' + location.hash + '</b>')", True),
        ("document.write('<b style=\"top: 1px; left: 1px\">'); go(location.hash)", False),
        ("box.innerHTML = encodeURIComponent(location.hash)", False),
        ("box.textContent = location.hash", False),
        ("var q = location.hash; if (q == '#a') { box.innerHTML = 'fixed'; }", False),
        ("var page = location.pathname; box.innerHTML = page;", False),
        ("document.write('<b>fixed</b>'); go(location.hash)", False),
    ],
)
def test_a_script_that_writes_its_address(script, found):
    (watcher,) = dom.AGENTS
    body = f"<html><script>{script}</script></html>".encode()
    answer = Response(200, (("Content-Type", "text/html"),), body, 0.1)
    assert bool(list(watcher.look(Exchange(Request("GET", "http://a.test/"), answer)))) is found


async def test_what_other_programs_read(serve):
    def jsonp(check):
        def answer(request):
            name = request.query["callback"]
            text = f"{name if check(name) else 'callback'}({{}})"
            return web.Response(text=text, content_type="application/javascript")

        return answer

    def sheet(prefix):
        return lambda request: web.Response(
            text=f"name,count\n{prefix}{request.query['name']},1\n", content_type="text/csv"
        )

    target = await serve(
        {
            "GET /open": jsonp(lambda _: True),
            "GET /shut": jsonp(str.isidentifier),
            "GET /sheet": sheet(""),
            "GET /safe": sheet("'"),
        }
    )
    for path, agent in (("/open?callback=f", "jsonp-callback"), ("/sheet?name=a", "formula-injection")):
        assert [one for one, _, _ in await target.attack(outputs.AGENTS, path)] == [agent]
    for path in ("/shut?callback=f", "/safe?name=a"):
        assert await target.attack(outputs.AGENTS, path) == []
