"""The crawl: takes leads breadth-first, sends them through the caller, and reads what they lead to."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from threatweaver_appsec.engine.accounts import PASSWORD
from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.credentials import keeping, sets_password
from threatweaver_appsec.engine.discover import documents, html, scripts
from threatweaver_appsec.engine.discover.forms import Field, Form, submit
from threatweaver_appsec.engine.discover.leads import (
    TOLD,
    Bounds,
    Frontier,
    Lead,
    harms,
    leaves,
    mark_of,
    moved,
)
from threatweaver_appsec.engine.discover.urls import canonical, is_static, origin
from threatweaver_appsec.engine.messages import Exchange, Fault, Request, Response
from threatweaver_appsec.engine.ports import Sender, Skipped
from threatweaver_appsec.engine.spared import SPARED

TOGETHER = 4  # requests at a time; what they lead to is read in their order
MOST_LATE = 8
KEPT_BODY = 256_000  # bytes of a baseline; what is beyond was read, and is not kept
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HTML = frozenset({"text/html", "application/xhtml+xml", "", "text/plain"})
_SCRIPT = frozenset({"application/javascript", "text/javascript", "application/x-javascript"})


@dataclass
class Crawl:
    """One crawl as one identity. `frontier` can be dumped between any two things that it yields."""

    sender: Sender
    identity: str | None
    frontier: Frontier = field(default_factory=Frontier)
    seed: int = 0
    safe: bool = True
    password: str = field(default="", repr=False)
    """Of the identity, where it is known: forms that set one are sent with it, so that it stays."""
    late: list[Lead] = field(default_factory=list)
    """Without an answer in time; they are asked once more at the end."""
    told: set[int] = field(default_factory=set)
    """Marks of what was already said to be skipped, so that it is said once."""

    @property
    def bounds(self) -> Bounds:
        """How far it goes."""
        return self.frontier.bounds

    async def run(self, *, follow: bool = True) -> AsyncIterator[Operation | Skipped]:
        """Yield operations in the order of their leads until none waits, or a bound is reached."""
        async for item in self._waves(follow=follow):
            yield item
        late, self.late = self.late[:MOST_LATE], []
        for lead in late:  # by itself: others of its time may have kept the target busy
            exchange = await self.sender.send(lead.request, identity=self.identity)
            for item in self._heard(lead, exchange, follow=follow):
                yield item
        async for item in self._waves(follow=follow):
            yield item
        if self.frontier.waiting:
            yield Skipped(f"{len(self.frontier.waiting)} addresses", f"bound of {self.bounds.pages} pages")
        if self.frontier.dropped:
            yield Skipped(f"{self.frontier.dropped} addresses", "others of their template were sampled")

    async def _waves(self, *, follow: bool) -> AsyncIterator[Operation | Skipped]:
        """Ask what waits, a few at a time."""
        while batch := self.frontier.take(TOGETHER):
            allowed, refused = self._sorted(batch)
            for request, skipped in refused:
                if self.sender.refusal(request):
                    await self.sender.send(request, identity=self.identity)  # sends nothing, and logs that
                yield skipped
            exchanges = await self._asked(allowed)
            for lead, exchange in zip(allowed, exchanges, strict=True):
                if exchange.fault is Fault.TIMEOUT and len(self.late) < MOST_LATE:
                    self.late.append(lead)
                else:
                    for item in self._heard(lead, exchange, follow=follow):
                        yield item
                self.frontier.landed(lead)

    async def _asked(self, leads: list[Lead]) -> list[Exchange]:
        """Send side by side; by itself what sets a password, for it may renew the session of the others."""
        alone = [bool(self.identity) and sets_password(lead.request) for lead in leads]
        beside = [lead for lead, by_itself in zip(leads, alone, strict=True) if not by_itself]
        send = self.sender.send
        sent = iter(await asyncio.gather(*(send(lead.request, identity=self.identity) for lead in beside)))
        return [
            await send(lead.request, identity=self.identity) if by_itself else next(sent)
            for lead, by_itself in zip(leads, alone, strict=True)
        ]

    def _refused(self, lead: Lead) -> Skipped | None:
        request = lead.request
        if why := self.sender.refusal(request):
            elsewhere = "is not in scope" in why and why.startswith("origin")
            place = request.url.partition("?")[0] if why.startswith(SPARED) else request.url
            return Skipped(origin(request.url) if elsewhere else f"{request.method} {place}", why)
        if leaves(request.url):
            return Skipped(f"{request.method} {request.url}", "it would end the session")
        word = harms(urlsplit(request.url).path + "?" + urlsplit(request.url).query) if self.safe else None
        if word and lead.source != "seed":
            return Skipped(f"{request.method} {request.url}", f"safe mode: it says {word}")
        return None

    def _sorted(self, batch: list[Lead]) -> tuple[list[Lead], list[tuple[Request, Skipped]]]:
        """Return what may be sent, and what of the rest was not told yet."""
        allowed, refused = [], []
        for lead in batch:
            skipped = self._refused(lead)
            if skipped is None:
                allowed.append(lead)
                continue
            self.frontier.landed(lead)
            if self._is_news(skipped):
                refused.append((lead.request, skipped))
        return allowed, refused

    def _is_news(self, skipped: Skipped) -> bool:
        mark = mark_of(skipped.what)
        news = mark not in self.told and len(self.told) < self.bounds.pending
        if news:
            self.told.add(mark)
        return news

    def rendered(self, page: html.Page) -> list[Skipped]:
        """Let what a page refers to wait, after scripts changed it; return what is left out."""
        found, skipped = self._page(page, Lead(Request("GET", page.url), "link"))
        self.frontier.add(found)
        return [one for one in skipped if self._is_news(one)]

    def _heard(self, lead: Lead, exchange: Exchange, *, follow: bool) -> Iterator[Operation | Skipped]:
        response = exchange.response
        if response is None:
            fault = exchange.fault.value if exchange.fault else "no answer"
            yield Skipped(f"{lead.request.method} {lead.request.url}", fault)
            return
        found, skipped = self._read(lead, response) if follow else ([], [])
        self.frontier.learn(lead, found)
        self.frontier.add(found)
        yield from skipped
        plain_script = response.media_type in _SCRIPT and not urlsplit(lead.request.url).query
        missing = response.status in {404, 405, 410, 501} and lead.source not in TOLD
        if not missing and not plain_script and self.frontier.is_news(lead):
            yield operation_of(lead, exchange)

    def _read(self, lead: Lead, response: Response) -> tuple[list[Lead], list[Skipped]]:
        """Return what an answer leads to."""
        url = lead.request.url
        found: list[Lead] = []
        skipped: list[Skipped] = []
        target = canonical(response.header("Location") or "", url) if response.header("Location") else None
        if target and 300 <= response.status < 400:
            return ([] if leaves(target) else [moved(lead, target)]), []
        text = response.text[: html.MOST_BYTES]
        if response.media_type in _SCRIPT:
            found = self._calls(text, lead, url)
        elif "json" in response.media_type or "yaml" in response.media_type:
            found = self.recognized(response.body, url)
            links = () if found else scripts.json_links(text, url)
            found = [replace(other, depth=lead.depth + 1) for other in found]
            found += [self._link(lead, link) for link in links if not is_static(link)]
        elif response.media_type in _HTML or "html" in response.media_type or text.lstrip()[:1] == "<":
            found, skipped = self._page(html.read(response, url), lead)
        return found[: self.bounds.links + self.bounds.forms], skipped

    def recognized(self, body: bytes, url: str, base: str = "") -> list[Lead]:
        """Return what a document says can be asked."""
        leads = documents.recognize(body, url, base)
        return [self.mine(lead) for lead in leads]

    def _page(self, page: html.Page, lead: Lead) -> tuple[list[Lead], list[Skipped]]:
        links = [link for link in page.links if not is_static(link.url) and not leaves(link.url, link.text)]
        if len(links) > self.bounds.links:
            chance = random.Random(f"{self.seed}{page.url}")  # noqa: S311  (no secret)
            chosen = sorted(chance.sample(range(len(links)), self.bounds.links))
            links = [links[index] for index in chosen]
        found: list[Lead] = []
        skipped: list[Skipped] = []
        named = {form.ident: form for form in page.forms if form.ident}
        by_script = [
            replace(named[ident], action=url, method=method)
            for text in page.inline
            for ident, method, url in scripts.sent_forms(text, page.url)
            if ident in named
        ]
        for form in (*page.forms[: self.bounds.forms], *by_script[: self.bounds.forms]):
            for item in self._form(form, lead):
                if isinstance(item, Lead):
                    found.append(item)
                else:
                    skipped.append(item)
        found += [self._link(lead, link.url) for link in links]
        found += [self._link(lead, script) for script in page.scripts]
        for text in page.inline:
            found += self._calls(text, lead, page.url)
        return found, skipped

    def _form(self, form: Form, lead: Lead) -> Iterator[Lead | Skipped]:
        what = f"form {form.method} {form.action}"
        if leaves(form.action, form.words):
            return
        typed = [item for item in form.fields if item.kind in {"text", "email", "hidden"} and item.name]
        changes = self.identity is not None and form.passwords
        alone = len(form.passwords) == 1 and not any(item.kind != "hidden" for item in typed)
        kept = self.password and all(PASSWORD.search(item.name) for item in form.passwords)
        if changes and alone and not kept:
            yield Skipped(what, "it would change the password of the identity")
            return
        # Passwords that differ change nobody's: such a form asks for the new one twice.
        values = {item.name: f"{item.value}Aa1!other{index}" for index, item in enumerate(form.passwords)}
        for button in self._buttons(form):
            word = harms(
                f"{urlsplit(form.action).path} {button.name} {button.label}" if button else form.action
            )
            if self.safe and word:
                yield Skipped(
                    f"{what} {button.label if button else ''}".strip(), f"safe mode: it says {word}"
                )
                continue
            differ = changes and len(values) > 1 and not kept
            request = submit(form, values if differ else None, button=button)
            writes = request.method not in SAFE_METHODS
            yield self.mine(Lead(request, "form", form.page, lead.depth + 1, writes=writes))

    def mine(self, lead: Lead) -> Lead:
        """Return the lead so that the identity keeps its password."""
        return replace(lead, request=keeping(lead.request, self.password)) if self.identity else lead

    def _buttons(self, form: Form) -> list[Field | None]:
        unnamed = any(item.kind in {"submit", "image"} and not item.name for item in form.fields)
        buttons: list[Field | None] = list(form.buttons[:3])
        return (
            buttons
            if buttons and not unnamed
            else [next((item for item in form.fields if item.kind == "submit"), None), *buttons]
        )

    def _link(self, lead: Lead, url: str) -> Lead:
        return Lead(Request("GET", url), "link", lead.request.url, lead.depth + 1)

    def _calls(self, text: str, lead: Lead, base: str) -> list[Lead]:
        return [
            Lead(
                Request(method, url),
                "script",
                lead.request.url,
                lead.depth + 1,
                writes=method not in SAFE_METHODS,
            )
            for method, url in scripts.endpoints(text, base)
            if not leaves(url)
        ]


def operation_of(lead: Lead, exchange: Exchange) -> Operation:
    """Return the operation that a lead turned out to be; its baseline's body is cut to `KEPT_BODY`."""
    response = exchange.response
    if response and len(response.body) > KEPT_BODY:
        short = replace(response, body=response.body[:KEPT_BODY], truncated=True)
        exchange = replace(exchange, response=short)
    return Operation(
        lead.request, exchange, lead.source, lead.page, lead.writes, lead.template, lead.needs_login
    )
