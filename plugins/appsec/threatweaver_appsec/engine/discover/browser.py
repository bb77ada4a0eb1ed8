"""What only a browser sees: routes of single-page applications, and what their scripts ask for.

Each request of the browser is sent by the caller's sender, within its scope and budget, as its identity.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from threatweaver_appsec.engine.discover import html
from threatweaver_appsec.engine.discover.chromium import BrowserError, Tab, program, tab
from threatweaver_appsec.engine.discover.forms import PASSWORD
from threatweaver_appsec.engine.discover.leads import HARMS, LEAVES, Lead, identity_of, leaves
from threatweaver_appsec.engine.discover.template import Templates
from threatweaver_appsec.engine.discover.urls import canonical, is_static, origin
from threatweaver_appsec.engine.messages import Request, Response
from threatweaver_appsec.engine.ports import Sender, Skipped

MOST_DOM = 2_000_000
MOST_LEADS = 1_000
MOST_ASKED = 2_000  # requests of one look
MOST_WAITING = 200  # requests that are not answered yet
MOST_SENT = 100_000  # bytes of what a request of the browser sends
MOST_KEPT = 20_000_000  # bytes of scripts that are sent to the browser again
_UNSEEN = frozenset(
    {"Image", "Font", "Media", "Stylesheet", "TextTrack", "Ping", "Manifest", "Prefetch", "Other"}
)
_OWN = frozenset(
    {"cookie", "user-agent", "host", "connection", "content-length", "accept-encoding", "origin"}
)
_HOP = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})

_FILL = """(() => {
  for (const field of document.querySelectorAll('input, textarea, select')) {
    if (field.disabled || field.readOnly || field.value) continue;
    const kind = field.type || '';
    if (kind === 'checkbox') { field.checked = true; continue; }
    if (['hidden', 'file', 'submit', 'button', 'radio', 'reset'].includes(kind)) continue;
    const value = {email: 'alex@example.com', password: PASSWORD_TEXT, number: '1', url: 'https://example.com/',
      date: '2024-05-17', tel: '+12025550123'}[kind] || (field.options && field.options.length > 1
      ? field.options[1].value : 'threatweaver');
    const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
    own && own.set ? own.set.call(field, value) : (field.value = value);
    for (const kind of ['input', 'change', 'blur']) field.dispatchEvent(new Event(kind, {bubbles: true}));
  }
})()""".replace("PASSWORD_TEXT", json.dumps(PASSWORD))
_ROUTES = """JSON.stringify([...document.querySelectorAll('a[href*="#/"], a[href*="#!"]')]
  .map(one => one.href).slice(0, 200))"""
_CLICKABLE = """[...document.querySelectorAll(`button, input[type=submit], input[type=button],
  [role=button], [onclick], a:not([href]), a[href="#"], a[href^="javascript:"]`)]
  .filter(one => one.getClientRects().length)"""
_WORDS = f"""JSON.stringify({_CLICKABLE}.slice(0, 40).map(one => [one.innerText || one.value || '', one.id,
  one.getAttribute('aria-label') || ''].join(' ').slice(0, 100)))"""
_DOM = f"document.documentElement.outerHTML.slice(0, {MOST_DOM})"


@dataclass
class _Seen:
    """What one look has seen so far."""

    leads: dict[str, Lead] = field(default_factory=dict)
    kept: dict[str, Response] = field(default_factory=dict)
    bytes: int = 0
    asked: int = 0
    cookies: set[str] = field(default_factory=set)
    """Names of the cookies that the target set: all others are its scripts'."""
    page: str = ""
    clicking: bool = False


@dataclass(frozen=True)
class Browser:
    """How far a look with the browser goes."""

    pages: int = 25
    clicks: int = 8
    """On one page."""
    seconds: float = 90.0
    wait: float = 5.0
    """For one page to come to rest."""
    path: str | None = None
    """Of the program, where it is not found by its name."""

    async def look(
        self, sender: Sender, base: str, identity: str | None
    ) -> AsyncIterator[html.Page | Lead | Skipped]:
        """Yield each page as scripts left it, and what was asked for; why not, where there is no browser."""
        path = self.path or program()
        if path is None:
            yield Skipped("scripts of pages", "Chromium is not installed")
            return
        seen = _Seen()
        try:
            async with asyncio.timeout(self.seconds + 30), tab(path) as page:
                async for found in _Look(self, sender, identity, page, seen).run(base):
                    yield found
                if page.gone:
                    yield Skipped("scripts of further pages", page.gone)
        except (BrowserError, TimeoutError) as error:
            yield Skipped("scripts of pages", str(error) or "the browser took too long")
        for lead in seen.leads.values():
            yield lead


class _Look:
    def __init__(self, how: Browser, sender: Sender, identity: str | None, page: Tab, seen: _Seen) -> None:
        self.how, self.sender, self.identity, self.tab, self.seen = how, sender, identity, page, seen
        self.templates = Templates()

    async def run(self, base: str) -> AsyncIterator[html.Page]:
        """Visit pages breadth-first, one of each template."""
        self.tab.on("Fetch.requestPaused", self._paused)
        self.tab.on("Page.javascriptDialogOpening", self._dialog)
        for domain in ("Page", "Network", "Runtime"):
            await self.tab.call(f"{domain}.enable")
        await self.tab.call("Fetch.enable", patterns=[{"urlPattern": "*", "requestStage": "Request"}])
        loop = asyncio.get_running_loop()
        end = loop.time() + self.how.seconds
        waiting, known = [base], {self._key(base)}
        for _ in range(self.how.pages):
            if not waiting or self.tab.gone or loop.time() > end:
                return
            url = waiting.pop(0)
            page = await self._visit(url)
            if page is None:
                continue
            yield page
            for link in [*(one.url for one in page.links), *await self._routes(url)]:
                key = self._key(link)
                inside = origin(link) == origin(base) and not is_static(link) and not leaves(link)
                if inside and key not in known and len(known) < 5_000:
                    known.add(key)
                    waiting.append(link)
            await self._click(url)

    def _key(self, url: str) -> str:
        """Routes behind # are pages of their own here."""
        bare, _, route = url.partition("#")
        return self.templates.of(canonical(bare) or bare).key + (
            f"#{route}" if route[:1] in {"/", "!"} else ""
        )

    async def _visit(self, url: str) -> html.Page | None:
        self.seen.page, self.seen.clicking = url.partition("#")[0], False
        try:
            await self.tab.call("Page.navigate", url=url)
            await self.tab.quiet(self.how.wait)
            dom = await self.tab.evaluate(_DOM)
        except BrowserError:
            return None
        return html.parse(dom, url.partition("#")[0]) if isinstance(dom, str) else None

    async def _routes(self, url: str) -> list[str]:
        try:
            return [link for link in _list(await self.tab.evaluate(_ROUTES)) if link.startswith("http")]
        except BrowserError:
            return []

    async def _click(self, url: str) -> None:
        """Fill in what is empty and press what can be pressed; what that asks for is noted, and not sent."""
        try:
            words = _list(await self.tab.evaluate(_WORDS))
            pressed = 0
            for index, text in enumerate(words):
                if pressed >= self.how.clicks or LEAVES.search(text) or HARMS.search(text):
                    continue
                pressed += 1
                self.seen.clicking = True
                await self.tab.evaluate(_FILL)
                await self.tab.evaluate(f"{_CLICKABLE}[{index}]?.click()")
                await self.tab.quiet(1.5, still=0.25)
                self.seen.clicking = False
                if await self.tab.evaluate("location.href.split('#')[0]") != url.partition("#")[0]:
                    await self._visit(url)
        except BrowserError:
            return

    async def _dialog(self, said: Mapping[str, Any]) -> None:
        await self.tab.call("Page.handleJavaScriptDialog", accept=False)

    async def _paused(self, said: Mapping[str, Any]) -> None:
        """Send a request of the browser, or say that it failed."""
        number = said["requestId"]
        request = _request(said["request"])
        kind = said.get("resourceType", "")
        if request is None or kind in _UNSEEN or not await self._may(request):
            await self.tab.call("Fetch.failRequest", requestId=number, errorReason="BlockedByClient")
            return
        asked = kind in {"XHR", "Fetch"} or (self.seen.clicking and kind == "Document")
        if asked and len(self.seen.leads) < MOST_LEADS:
            await self._note(request)
        if self.seen.clicking and request.method not in {"GET", "HEAD", "OPTIONS"}:
            await self.tab.call("Fetch.failRequest", requestId=number, errorReason="Aborted")
            return
        response = await self._send(request, kind)
        if response is None:
            await self.tab.call("Fetch.failRequest", requestId=number, errorReason="Failed")
            return
        headers = [
            {"name": name, "value": value} for name, value in response.headers if name.lower() not in _HOP
        ]
        await self.tab.call(
            "Fetch.fulfillRequest",
            requestId=number,
            responseCode=response.status,
            responseHeaders=headers,
            body=base64.b64encode(response.body).decode(),
        )

    async def _may(self, request: Request) -> bool:
        """Whether a request is in scope, ends no session, and is not one too many."""
        self.seen.asked += 1
        if self.seen.asked > MOST_ASKED or self.tab.busy > MOST_WAITING or len(request.body) > MOST_SENT:
            return False
        if self.sender.refusal(request):
            await self.sender.send(request, identity=self.identity)  # which sends nothing, and says so
            return False
        return not leaves(request.url)

    async def _send(self, request: Request, kind: str) -> Response | None:
        if kept := self.seen.kept.get(request.url):
            return kept
        response = (await self.sender.send(request, identity=self.identity)).response
        if response:
            for name, value in response.headers:
                if name.lower() == "set-cookie":
                    self.seen.cookies.add(value.partition("=")[0].strip())
            if kind == "Script" and self.seen.bytes + len(response.body) < MOST_KEPT:
                self.seen.bytes += len(response.body)
                self.seen.kept[request.url] = response
        return response

    async def _note(self, request: Request) -> None:
        """Remember what was asked for, with the cookies that the page's scripts made."""
        said = await self.tab.call("Network.getCookies", urls=[request.url])
        cookies = [
            f"{one['name']}={quote(str(one['value']), safe='!#$%&()*+-./:<=>?@[]^_`{|}~')}"
            for one in said.get("cookies", [])[:50]
            if one["name"] not in self.seen.cookies
        ]
        noted = request.with_header("Cookie", "; ".join(cookies)) if cookies else request
        writes = noted.method not in {"GET", "HEAD", "OPTIONS"}
        self.seen.leads.setdefault(identity_of(noted), Lead(noted, "script", self.seen.page, 1, writes))


def _request(said: Mapping[str, Any]) -> Request | None:
    url = canonical(str(said.get("url", "")))
    if url is None:
        return None
    headers = tuple(
        (str(name), str(value))
        for name, value in dict(said.get("headers", {})).items()
        if name.lower() not in _OWN and not name.lower().startswith("sec-")
    )
    parts = said.get("postDataEntries") or []
    body = b"".join(base64.b64decode(one.get("bytes", "")) for one in parts)
    return Request(
        str(said.get("method", "GET")), url, headers, body or str(said.get("postData", "")).encode()
    )


def _list(value: Any) -> list[str]:
    try:
        return [str(one) for one in json.loads(value or "[]")]
    except (TypeError, ValueError):
        return []
