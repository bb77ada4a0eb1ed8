"""More targets that wear a scanner out: streams without an end, what unpacks to a flood, pages that trap."""

import asyncio
import itertools
import secrets
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

FLOOD = 500 * 1024**2  # bytes
_BLOCK = b"x" * 65_536


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def app_of(handler: Handler) -> web.Application:
    """Return an application with one handler for everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    return app


def _links(names: str = "abcdefghij") -> str:
    return "".join(f'<a href="/{name}?x=1">{name}</a> ' for name in names)


def page_of(body: str, status: int = 200) -> web.Response:
    """Return a page of HTML."""
    return web.Response(status=status, text=f"<!doctype html><body>{body}</body>", content_type="text/html")


async def stream(
    request: web.Request, parts: AsyncIterator[bytes], headers: dict[str, str]
) -> web.StreamResponse:
    """Answer with parts as they come."""
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    async for part in parts:
        await response.write(part)
    return response


async def _forever(block: bytes) -> AsyncIterator[bytes]:
    while True:
        yield block


def make_plain(size: int = FLOOD) -> web.Application:
    """Bodies of so many bytes that say their length, behind a page of links."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(size // len(_BLOCK)):
            yield _BLOCK

    async def show(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return page_of(_links())
        length = str(size // len(_BLOCK) * len(_BLOCK))
        return await stream(request, parts(), {"Content-Type": "text/html", "Content-Length": length})

    return app_of(show)


def make_chunked() -> web.Application:
    """Bodies in chunks that never end."""

    async def show(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return page_of(_links())
        return await stream(request, _forever(_BLOCK), {"Content-Type": "text/html"})

    return app_of(show)


def make_bomb(size: int = FLOOD) -> web.Application:
    """Small answers that unpack to so many bytes, and some whose packed part never ends."""
    packer = zlib.compressobj(1, wbits=31)
    bomb = b"".join(packer.compress(_BLOCK) for _ in range(size // len(_BLOCK))) + packer.flush()
    small = zlib.compressobj(1, wbits=31)
    ended = small.compress(b"<p>all of it</p>") + small.flush()
    nothing = b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"name" * 1000  # a header whose file name never ends

    async def show(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        match request.path:
            case "/":
                return page_of(_links())
            case "/a" | "/b":
                return await stream(request, _then(ended, _BLOCK), headers)
            case "/c" | "/d":
                return await stream(request, _then(nothing, b"name" * 10_000), headers)
            case _:
                return web.Response(body=bomb, headers=headers)

    return app_of(show)


async def _then(first: bytes, block: bytes) -> AsyncIterator[bytes]:
    yield first
    while True:
        yield block


def make_events() -> web.Application:
    """Server-sent events without an end, which pages subscribe to."""

    async def parts() -> AsyncIterator[bytes]:
        for number in itertools.count():
            yield f"id: {number}\ndata: tick {secrets.token_hex(8)}\n\n".encode()
            await asyncio.sleep(0.02)

    async def show(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/events"):
            return await stream(request, parts(), {"Content-Type": "text/event-stream"})
        scripts = "".join(f"new EventSource('/events/{number}?s=1');" for number in range(20))
        return page_of(f"{_links()}<a href='/events'>e</a><script>{scripts}</script>")

    return app_of(show)


def make_headers(count: int = 100_000) -> web.Application:
    """Answers with so many headers, with long ones, and with more and longer cookies than anybody keeps."""

    async def show(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/a":
                many = "".join(f"X-Header-{number}: {number}\r\n" for number in range(count))
                return _raw(request, many.encode())
            case "/b":
                return _raw(request, b"X-Long: " + b"y" * 20_000_000 + b"\r\n")
            case "/c":
                return _raw(request, b"X-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n" * count)
        response = page_of(_links() + "".join(f'<a href="/more/{n}">m</a>' for n in range(50)))
        for number in range(40):
            response.headers.add("Set-Cookie", f"{secrets.token_hex(4)}-{number}={'z' * 3_900}; Path=/")
        return response

    return app_of(show)


def make_drip(pause: float = 0.5) -> web.Application:
    """A page whose links answer with a header that comes byte by byte and never ends."""

    async def show(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return page_of("".join(f'<a href="/slow{n}?x={n}">s</a>' for n in range(60)))
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the server's own
        transport.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not transport.is_closing():
            transport.write(b"s")
            await asyncio.sleep(pause)
        return web.Response()

    return app_of(show)


def make_deep(depth: int = 50_000) -> web.Application:
    """JSON and HTML nested so deep, and forms whose fields are many and long."""
    nested = '{"a":' * depth + "1" + "}" * depth
    shallow = '{"a":' * 900 + "1" + "}" * 900
    fields = "".join(f'<input name="{"n" * 300}{n}" value="{"v" * 800}">' for n in range(200))

    async def show(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/a":
                return web.Response(text=nested, content_type="application/json")
            case "/b":
                return page_of("<div>" * depth + "deep")
            case "/c":
                return page_of("<table><tr><td>" * (depth // 10) + "<form>" * 1000)
            case "/d":
                item = {"name": "n", "request": {"method": "POST", "url": "/x", "body": {"raw": shallow}}}
                return web.json_response({"info": {"schema": "postman/collection"}, "item": [item]})
        forms = "".join(
            f'<form method="post" action="/f{secrets.token_hex(6)}">{fields}</form>' for _ in range(2)
        )
        links = "".join(f'<a href="/g/{secrets.token_hex(5)}">g</a>' for _ in range(5))
        return page_of(_links() + links + forms)

    return app_of(show)


def make_greedy() -> web.Application:
    """Pages whose scripts take memory and processor without an end, and ask for more and more."""
    script = """<script>const kept = []; let n = 0;
      setInterval(() => { const one = new Uint8Array(8e6); one.fill(1); kept.push(one) }, 5);
      setInterval(() => { for (let i = 0; i < 50; i++) fetch('/api/x?n=' + n++).catch(() => 0) }, 5);
      window.open('/'); localStorage.a = 'x'.repeat(4e6); document.title = 'y'.repeat(5e6);</script>"""

    async def show(_: web.Request) -> web.StreamResponse:
        return page_of(_links() + script)

    return app_of(show)


def _raw(request: web.Request, more: bytes) -> web.Response:
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the server's own
    transport.write(b"HTTP/1.1 200 OK\r\n" + more + b"Content-Length: 2\r\n\r\nok")
    transport.close()
    return web.Response()
