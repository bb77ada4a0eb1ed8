"""Outgoing requests: against real servers on loopback, which only an operator's permission opens."""

import asyncio
import socket
import time

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from threatweaver import outbound
from threatweaver.outbound import OutboundFailed, OutboundRefused
from threatweaver.outbound.client import MAX_BYTES

SECRETS = {"Authorization": "Bearer s", "X-Api-Key": "s", "Cookie": "s=1", "Accept": "text/plain"}


async def echo(request):
    body = (await request.read()).decode()
    return web.json_response({"method": request.method, "headers": dict(request.headers), "body": body})


def redirecting(location, status=302):
    async def answer(_):
        return web.Response(status=status, headers={"Location": location})

    return answer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def other():
    app = web.Application()
    app.router.add_route("*", "/echo", echo)
    async with TestServer(app) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(other):
    async def huge(_):
        return web.Response(body=b"x" * (MAX_BYTES + 1))

    async def bomb(_):
        answer = web.Response(body=b"x" * (MAX_BYTES + 1))
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    async def slow(_):
        await asyncio.sleep(30)

    app = web.Application()
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/huge", huge)
    app.router.add_get("/bomb", bomb)
    app.router.add_get("/slow", slow)
    app.router.add_route("*", "/here", redirecting("/echo"))
    app.router.add_route("*", "/again", redirecting("/echo", 307))
    app.router.add_route("*", "/other", redirecting(str(other.make_url("/echo"))))
    app.router.add_route("*", "/other-again", redirecting(str(other.make_url("/echo")), 307))
    app.router.add_get("/loop", redirecting("/loop"))
    app.router.add_get("/inside", redirecting("http://169.254.169.254/latest/meta-data"))
    app.router.add_get("/file", redirecting("file:///etc/passwd"))
    app.router.add_get("/user", redirecting(f"http://a:b@127.0.0.1:{other.port}/echo"))
    async with TestServer(app) as started:
        yield started


@pytest.fixture
def guarded(kernel, with_settings):
    return with_settings(kernel, outbound_allow="127.0.0.1")


@pytest.fixture
def call(guarded, server):
    async def made(method, path, **options):
        async with outbound.request(guarded, method, server.make_url(path), **options) as response:
            return await response.json()

    return made


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/echo",
        "http://localhost:{port}/echo",
        "http://2130706433:{port}/echo",
        "http://0x7f000001:{port}/echo",
        "http://127.1:{port}/echo",
        "http://[::ffff:127.0.0.1]:{port}/echo",
        "http://[::1]:{port}/echo",
        "http://169.254.169.254/latest/meta-data",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "http://a:b@example.com/",
        "http:///x",
        "not a url",
    ],
)
async def test_what_is_inside_is_refused_in_every_spelling(kernel, server, url):
    with pytest.raises(OutboundRefused):
        async with outbound.request(kernel, "GET", url.format(port=server.port)):
            pass


async def test_what_the_operator_allows_is_reached_with_headers_and_body(call):
    answer = await call("POST", "/echo", headers=SECRETS, data=b"hello")
    assert (answer["method"], answer["body"], answer["headers"]["Authorization"]) == (
        "POST",
        "hello",
        "Bearer s",
    )


async def test_a_redirect_on_the_same_origin_keeps_headers_and_drops_the_body(call):
    answer = await call("POST", "/here", headers=SECRETS, data=b"hello")
    assert (answer["method"], answer["body"]) == ("GET", "")
    assert answer["headers"]["Authorization"] == "Bearer s"


async def test_a_repeating_redirect_on_the_same_origin_keeps_the_body(call):
    answer = await call("POST", "/again", data=b"hello")
    assert (answer["method"], answer["body"]) == ("POST", "hello")


async def test_a_redirect_to_another_origin_takes_no_secret_along(call):
    answer = await call("GET", "/other", headers=SECRETS)
    sent = {name.lower() for name in answer["headers"]}
    assert not sent & {"authorization", "cookie", "x-api-key"}
    assert answer["headers"]["Accept"] == "text/plain"


async def test_a_body_is_not_repeated_to_another_origin(call):
    with pytest.raises(OutboundRefused):
        await call("POST", "/other-again", data=b"client_secret=s")


@pytest.mark.parametrize("path", ["/inside", "/file", "/user"])
async def test_a_redirect_inside_is_refused(call, path):
    with pytest.raises(OutboundRefused):
        await call("GET", path)


@pytest.mark.parametrize("path", ["/loop", "/huge", "/bomb"])
async def test_endless_redirects_and_bodies_fail(call, path):
    with pytest.raises(OutboundFailed):
        await call("GET", path)


async def test_the_time_limit_is_of_the_whole(call):
    started = time.monotonic()
    with pytest.raises(OutboundFailed):
        await call("GET", "/slow", timeout=0.3)
    assert time.monotonic() - started < 5


async def test_nobody_listening_fails(guarded):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(OutboundFailed):
            async with outbound.request(guarded, "GET", f"http://127.0.0.1:{port}/"):
                pass


async def test_a_name_is_looked_up_once_and_a_second_answer_has_no_say(guarded, server, monkeypatch):
    asked, known = [], socket.getaddrinfo

    def rebinding(host, port, *args, **options):
        if host != "rebind.example":
            return known(host, port, *args, **options)
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    async with outbound.request(guarded, "GET", f"http://rebind.example:{server.port}/echo") as response:
        assert (await response.json())["headers"]["Host"] == f"rebind.example:{server.port}"
    assert asked == ["rebind.example"]


async def test_resolve_gives_checked_addresses_to_other_protocols(kernel, guarded):
    assert await outbound.resolve(guarded, "127.0.0.1") == ["127.0.0.1"]
    with pytest.raises(OutboundRefused):
        await outbound.resolve(kernel, "localhost")
    with pytest.raises(OutboundFailed):
        await outbound.resolve(kernel, "no-such-name.invalid")
