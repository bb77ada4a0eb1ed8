"""What a proof sends with, and a listener that only the application can call."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from lab.app import serve
from lab.world import USERS


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float
    cookies: Mapping[str, str]
    set_cookies: tuple[str, ...] = ()


async def shortest(ask: Callable[[], Awaitable[Reply]]) -> float:
    """Return the seconds of the quicker of two answers: by chance one is late, never early."""
    return min([(await ask()).seconds for _ in range(2)])


@dataclass
class Lab:
    """One application under proof. Nothing is kept between requests but sessions of users who signed in."""

    base: str
    http: aiohttp.ClientSession
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    async def get(self, path: str, **parameters: str) -> Reply:
        """Get a page as nobody."""
        return await self.send("GET", path, params=parameters)

    async def post(self, path: str, **fields: str) -> Reply:
        """Post a form as nobody."""
        return await self.send("POST", path, data=fields)

    async def send(
        self,
        method: str,
        path: str,
        *,
        user: str | None = None,
        login: str = "/api/login",
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> Reply:
        """Send as a user or as nobody; `rest` is aiohttp's (params, data, json, cookies, allow_redirects)."""
        token = await self._token(user, login) if user else None
        sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        rest.setdefault("allow_redirects", False)
        start = time.monotonic()
        url = URL(self.base + path, encoded=True)
        async with self.http.request(method, url, headers=sent, **rest) as response:
            text = await response.text(errors="replace")
            return Reply(
                response.status,
                response.headers,
                text,
                time.monotonic() - start,
                {name: morsel.value for name, morsel in response.cookies.items()},
                tuple(response.headers.getall("Set-Cookie", [])),
            )

    async def _token(self, user: str, login: str) -> str:
        if (user, login) not in self.tokens:
            content = {"username": user, "password": USERS[user]}
            async with self.http.post(self.base + login, json=content) as response:
                self.tokens[user, login] = (await response.json())["token"]
        return self.tokens[user, login]


@asynccontextmanager
async def connect(base: str) -> AsyncIterator[Lab]:
    """Yield a client of an application."""
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(30)) as http:
        yield Lab(base, http)


@dataclass
class Listener:
    """What was asked of it."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def called(self, patience: float = 1.0) -> bool:
        """Return whether anything came within so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.came.wait(), patience)
        return self.came.is_set()


@asynccontextmanager
async def listen(text: str = "callback-answer") -> AsyncIterator[Listener]:
    """Yield a listener on loopback that answers every request with a text."""
    listener = Listener()

    async def note(request: web.Request) -> web.Response:
        listener.paths.append(request.path)
        listener.came.set()
        return web.Response(text=text)

    app = web.Application()
    app.router.add_get("/{path:.*}", note)
    async with serve(app) as listener.url:
        yield listener
