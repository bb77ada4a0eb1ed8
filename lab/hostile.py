"""Targets that wear a scanner out. Each is made as it is asked for, so that the target itself stays small."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from itertools import count

from aiohttp import web

from lab import endless
from lab.endless import app_of, page_of, stream

PAGES = 10_000
LINKS = 100_000
HUGE = 500 * 1024**2  # bytes
SLOW = 1.0  # seconds from byte to byte
HTML = {"Content-Type": "text/html"}
_BLOCK = b"<p>" + b"x" * 65_500 + b"</p>\n"


def make_pages(pages: int = PAGES) -> web.Application:
    """So many pages, ten links each, all of them reachable from the first."""

    async def show(request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"].removeprefix("page/")
        number = int(name) if name.isdecimal() and len(name) < 9 else 0
        if number >= pages or (name and not name.isdecimal()):
            return page_of("There is no such page.", 404)
        following = (number * 10 + step for step in range(1, 11))
        links = "".join(f'<a href="/page/{page}?q={page}">{page}</a> ' for page in following if page < pages)
        return page_of(f"<h1>Page {number}</h1>{links}")

    return app_of(show)


def make_calendar() -> web.Application:
    """A calendar without an end, in both directions."""

    async def show(request: web.Request) -> web.StreamResponse:
        try:
            day = date.fromisoformat(request.query.get("day", "2026-01-01"))
            near = (day - timedelta(days=1), day + timedelta(days=1), day + timedelta(days=30))
        except (ValueError, OverflowError):
            return page_of("That is no day.", 400)
        links = "".join(f'<a href="/?day={other}&s={secrets.token_hex(4)}">{other}</a> ' for other in near)
        return page_of(f"<h1>{day}</h1>{links}")

    return app_of(show)


def make_huge(size: int = HUGE) -> web.Application:
    """A page of so many bytes."""

    async def parts() -> AsyncIterator[bytes]:
        yield b'<a href="/next">next</a>'
        for _ in range(size // len(_BLOCK)):
            yield _BLOCK

    async def show(request: web.Request) -> web.StreamResponse:
        return await stream(request, parts(), HTML)

    return app_of(show)


def make_slow(pause: float = SLOW) -> web.Application:
    """A page that comes byte by byte and never ends."""

    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(pause)

    async def show(request: web.Request) -> web.StreamResponse:
        return await stream(request, parts(), HTML)

    return app_of(show)


def make_redirects() -> web.Application:
    """Redirects without an end: /loop to itself, all others to an address that is always new."""

    async def show(request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        target = "/loop" if path == "loop" else f"/{secrets.token_hex(6)}"
        return web.Response(status=302, headers={"Location": target})

    return app_of(show)


def make_links(links: int = LINKS) -> web.Application:
    """One page with so many links; the pages behind them have none."""

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, links, 1000):
            numbers = range(start, min(start + 1000, links))
            yield "".join(
                f'<a href="/item/{number}?id={number}">{number}</a>\n' for number in numbers
            ).encode()

    async def show(request: web.Request) -> web.StreamResponse:
        return await stream(request, parts(), HTML) if request.path == "/" else page_of("An item.")

    return app_of(show)


_BROKEN: dict[str, tuple[dict[str, str], bytes]] = {
    "utf8": ({"Content-Type": "text/html; charset=utf-8"}, b"<p>\xff\xfe\x80 caf\xe9 \xed\xa0\x80</p>"),
    "unknown": ({"Content-Type": "text/html; charset=no-such-charset"}, b"<p>plain</p>"),
    "utf16": ({"Content-Type": "text/html; charset=utf-16"}, b"<p>not at all</p>x"),
    "gzip": ({"Content-Type": "text/html", "Content-Encoding": "gzip"}, b"this is no gzip"),
    "json": ({"Content-Type": "application/json"}, b'{"a": [1, 2, \x00 "\xff'),
    "deep": ({"Content-Type": "application/json"}, b"[" * 100_000),
    "xml": ({"Content-Type": "application/xml"}, b'<?xml version="1.0" encoding="ebcdic-x"?><a><b></a>'),
    "nul": (
        {"Content-Type": "text/html"},
        b"<a hr\0ef='/\0'>\0</a><form action='http://[::bad'><input></form>",
    ),
    "link": (
        {"Content-Type": "text/html"},
        b"<a href='http://[/'>a</a><a href='//:99999/'>b</a><a href='/%zz'>c</a>",
    ),
    "type": ({"Content-Type": ";;;=,"}, b"<p>of no type</p>"),
    "nested": ({"Content-Type": "text/html"}, b"<div>" * 50_000),
}


def make_broken() -> web.Application:
    """Answers that are not what they say: charsets, compression, JSON, XML, addresses, nesting."""

    async def show(request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"]
        if name in _BROKEN:
            headers, body = _BROKEN[name]
            return web.Response(headers=headers, body=body)
        return page_of("".join(f'<a href="/{known}">{known}</a> ' for known in _BROKEN))

    return app_of(show)


def make_reset(after: int = 1) -> web.Application:
    """So many answers, then connections that are reset in the middle of an answer."""
    visits = count(1)

    async def show(request: web.Request) -> web.StreamResponse:
        if next(visits) <= after:
            return page_of('<a href="/a?x=1">a</a> <a href="/b?x=1">b</a>')
        _drop(
            request, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<p>half of"
        )
        return web.Response()

    return app_of(show)


def _drop(request: web.Request, first: bytes = b"") -> None:
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.write(first)
        transport.abort()


_SITE = "".join(f'<a href="/item?id={number}">{number}</a> ' for number in range(30))


def make_waf(after: int = 200) -> web.Application:
    """So many answers, then 403 to everything, as a firewall has it that has seen enough."""
    visits = count(1)

    async def show(_request: web.Request) -> web.StreamResponse:
        if next(visits) <= after:
            return page_of(_SITE)
        return page_of(
            f"<h1>Access denied</h1>Your request was blocked. Incident {secrets.token_hex(8)}", 403
        )

    return app_of(show)


def make_down(after: int = 50) -> web.Application:
    """So many answers, then every connection is dropped without a byte."""
    visits = count(1)

    async def show(request: web.Request) -> web.StreamResponse:
        if next(visits) > after:
            _drop(request)
            return web.Response()
        return page_of(_SITE)

    return app_of(show)


def make_expiring(after: int = 20) -> web.Application:
    """A form login (alice, alice-pass-1) whose session is over after so many requests; others may follow."""
    sessions: dict[str, int] = {}

    async def show(request: web.Request) -> web.StreamResponse:
        if request.path == "/login":
            return await sign_in(request) if request.method == "POST" else page_of(_FORM)
        token = request.cookies.get("session", "")
        sessions[token] = sessions.get(token, 0) - 1
        if sessions[token] < 0:
            sessions.pop(token)
            return web.Response(status=302, headers={"Location": "/login"})
        return page_of(f"<p>Hello alice</p><a href='/logout'>Sign out</a> {_SITE}")

    async def sign_in(request: web.Request) -> web.StreamResponse:
        fields = await request.post()
        if (fields.get("username"), fields.get("password")) != ("alice", "alice-pass-1"):
            return page_of(f"<p>Wrong name or password.</p>{_FORM}", 401)
        token = secrets.token_hex(16)
        sessions[token] = after
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie("session", token, httponly=True, samesite="Lax")
        return response

    return app_of(show)


_FORM = (
    '<form method="post" action="/login"><input name="username"><input name="password" type="password">'
    "<button>Sign in</button></form>"
)

HOSTILE: dict[str, Callable[[], web.Application]] = {
    "pages": make_pages,
    "calendar": make_calendar,
    "huge": make_huge,
    "slow": make_slow,
    "redirects": make_redirects,
    "links": make_links,
    "broken": make_broken,
    "reset": make_reset,
    "waf": make_waf,
    "down": make_down,
    "expiring": make_expiring,
    "plain": endless.make_plain,
    "chunked": endless.make_chunked,
    "bomb": endless.make_bomb,
    "events": endless.make_events,
    "headers": endless.make_headers,
    "drip": endless.make_drip,
    "deep": endless.make_deep,
    "greedy": endless.make_greedy,
}
"""By name, with their usual sizes."""
