"""A small application that goes wrong as it is told: nobody there, a firewall, sessions that end."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

from aiohttp import web

FORM = (
    '<form method="post" action="/login"><input name="username"><input name="password" type="password">'
    "<button>Sign in</button></form>"
)
LINKS = "".join(f'<a href="/item{number}?id={number}&view=full">{number}</a> ' for number in range(60))


@dataclass
class Doubtful:
    """`blocks`, `drops` and `expires` are the requests after which it does; 0 is never."""

    blocks: int = 0
    drops: int = 0
    expires: int = 0
    signed: bool = False
    """Whether one has to be signed in to see anything."""
    requests: int = 0
    went: float = 0.0
    """When it went wrong."""
    sessions: set[str] = field(default_factory=set)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._show)
        return app

    async def _show(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        after = self.blocks or self.drops or self.expires
        wrong = bool(after) and self.requests > after
        if wrong and not self.went:
            self.went = time.monotonic()
        if wrong and self.drops:
            assert isinstance(request.transport, asyncio.Transport)
            request.transport.abort()
            return web.Response()
        if wrong and self.blocks:
            return _page(f"Blocked. Incident {secrets.token_hex(8)}", 403)
        if wrong and self.expires:
            self.sessions.clear()
        if request.path == "/login":
            return await self._sign_in(request, refused=wrong)
        if self.signed and request.cookies.get("session") not in self.sessions:
            return web.Response(status=302, headers={"Location": "/login"})
        return _page(f"<p>Hello alice</p>{LINKS}" if request.path == "/" else "<p>Hello alice</p>An item.")

    async def _sign_in(self, request: web.Request, *, refused: bool) -> web.StreamResponse:
        if request.method != "POST":
            return _page(FORM)
        given = await request.post()
        if refused or (given.get("username"), given.get("password")) != ("alice", "alice-pass-1"):
            return _page(f"<p>Wrong name or password.</p>{FORM}", 401)
        token = secrets.token_hex(16)
        self.sessions.add(token)
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie("session", token)
        return response


def _page(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=f"<!doctype html><body>{text}</body>", content_type="text/html")
