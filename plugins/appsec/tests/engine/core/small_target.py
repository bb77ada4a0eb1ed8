"""A target with a few weaknesses, a crawler and a login as small as they can be."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from aiohttp import web

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.ports import Session, SignedIn, Step

HOME = "".join(
    f'<a href="{path}">x</a>' for path in ("/echo?q=1", "/safe?q=1", "/sql?id=1", "/items/1", "/logout")
)


def page(text, **options):
    return web.Response(text=text, content_type="text/html", **options)


def quoted(request):
    return page(
        "error" if "'" in request.query.get("id", "") else "row",
        status=500 if "'" in request.query.get("id", "") else 200,
    )


HANDLERS = {
    "GET /": lambda _: page(HOME),
    "GET /echo": lambda request: page(f"<p>{request.query.get('q', '')}</p>"),
    "GET /safe": lambda request: page(request.query.get("q", "").replace("<", "&lt;")),
    "GET /sql": quoted,
    "GET /items/{id}": lambda request: page(
        f'item <a href="/items/{int(request.match_info["id"]) + 1}?page=1">next</a>'
    ),
    "GET /backup.zip": lambda _: web.Response(body=b"PK"),
    "GET /logout": lambda _: page("bye"),
}
EXPECTED = {("echo", "/echo"), ("quote", "/sql"), ("files", "/backup.zip"), ("server", "/")}


async def crawl(sender, base, identity):
    """Follow links in the order that they are found."""
    todo, seen = [f"{base}/"], set()
    while todo:
        url = todo.pop(0)
        if url in seen or len(seen) > 300:
            continue
        seen.add(url)
        request = Request("GET", url)
        got = await sender.send(request, identity=identity)
        if got.response:
            yield Operation(request, got, "link")
            links = re.findall(r'href="([^"]+)"', got.text)
            todo += [urljoin(url, link) for link in links]


@dataclass
class FormLogin:
    """Signs in at POST /login, and is signed in where /me answers 200."""

    base: str
    password: str = "right"
    name: str = "ann"
    username: str | None = "ann"

    async def sign_in(self, sender):
        wrong = await self._post(sender, "wrong-one", f"{self.name}?wrong")
        right = await self._post(sender, self.password, self.name)
        if right.status != 200 or wrong.status == 200:
            return SignedIn(False, (Step("form", False),), reason="the form refuses the credentials")
        return SignedIn(True, (Step("form", True),), Session(secrets=(self.password,)))

    async def alive(self, sender):
        return (await sender.send(Request("GET", f"{self.base}/me"), identity=self.name)).status == 200

    async def _post(self, sender, password, identity):
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        body = f"user=ann&password={password}".encode()
        return await sender.send(Request("POST", f"{self.base}/login", headers, body), identity=identity)
