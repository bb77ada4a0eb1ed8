"""Discovery as the pipeline asks for it: each way to find operations, one after the other."""

import random
import string
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.discover import wordlist
from threatweaver_appsec.engine.discover.browser import Browser
from threatweaver_appsec.engine.discover.crawl import Crawl
from threatweaver_appsec.engine.discover.leads import Bounds, Frontier, Lead
from threatweaver_appsec.engine.discover.missing import Missing
from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.discover.well_known import WellKnown
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.ports import Sender, Skipped

PUBLIC = Bounds(pages=60, depth=3)
"""Of what is looked at once more as nobody."""


@dataclass
class Discovery:
    """A `ports.Discover`. What it has done can be dumped, and another one goes on from there."""

    bounds: Bounds = field(default_factory=Bounds)
    seed: int = 0
    safe: bool = True
    crawl: bool = True
    """Follow links; without it only documents and the base are asked."""
    well_known: bool = True
    words: Sequence[str] = wordlist.WORDS
    documents: Sequence[bytes] = ()
    """Supplied by the user: OpenAPI, GraphQL schema, Postman, HAR."""
    password: str = field(default="", repr=False)
    """Of the identity that crawls, where it is known."""
    browser: Browser | None = field(default_factory=Browser)
    frontier: Frontier | None = None
    done: list[str] = field(default_factory=list)
    """Ways that were gone to their end."""

    async def __call__(
        self, sender: Sender, base: str, identity: str | None
    ) -> AsyncIterator[Operation | Skipped]:
        """Yield what is found, as it is found."""
        ways = (self._fixed, self._crawled, self._browsed, self._listed, self._public)
        if len(self.done) == len(ways):  # once more, since who looked was not who they were to be
            self.frontier, self.done = None, []
        self.frontier = self.frontier or Frontier(self.bounds)
        crawl = Crawl(sender, identity, self.frontier, self.seed, self.safe, self.password)
        start = canonical(base) or base
        self.frontier.add([Lead(Request("GET", start), "seed")])
        for position, body in enumerate(self.documents, 1):
            leads = crawl.recognized(body, start, start)
            if not leads:
                yield Skipped(f"document {position}", "no OpenAPI, GraphQL schema, Postman collection or HAR")
            self.frontier.add(leads)
        for way in ways:
            if way.__name__ not in self.done:
                async for item in way(crawl, start):
                    yield item
                self.done.append(way.__name__)

    def dump(self) -> dict[str, Any]:
        """Return where it is, as plain data."""
        return {"done": list(self.done), "frontier": (self.frontier or Frontier(self.bounds)).dump()}

    def resumed(self, data: Mapping[str, Any]) -> "Discovery":
        """Return a discovery that goes on where `dump` was taken."""
        frontier = Frontier.load(data["frontier"], self.bounds)
        return replace(self, frontier=frontier, done=list(data["done"]))

    async def _fixed(self, crawl: Crawl, base: str) -> AsyncIterator[Operation | Skipped]:
        if not self.well_known:
            return
        missing = await self._missing(crawl, base)
        for item in await WellKnown(crawl.sender, crawl.identity, base, missing).leads():
            if isinstance(item, Skipped):
                yield item
            else:
                crawl.frontier.add([crawl.mine(item)])

    async def _crawled(self, crawl: Crawl, base: str) -> AsyncIterator[Operation | Skipped]:
        async for item in crawl.run(follow=self.crawl):
            yield item

    async def _browsed(self, crawl: Crawl, base: str) -> AsyncIterator[Operation | Skipped]:
        if self.browser is None or not self.crawl:
            return
        async for item in self.browser.look(crawl.sender, base, crawl.identity):
            if isinstance(item, Skipped):
                yield item
            elif isinstance(item, Lead):
                crawl.frontier.add([item])
            else:
                for skipped in crawl.rendered(item):
                    yield skipped
        async for found in crawl.run():
            yield found

    async def _listed(self, crawl: Crawl, base: str) -> AsyncIterator[Operation | Skipped]:
        if not self.words or not self.crawl:
            return
        missing = await self._missing(crawl, base)
        async for lead in wordlist.found(crawl.sender, crawl.identity, base, missing, self.words):
            crawl.frontier.add([lead])
        async for item in crawl.run():
            yield item

    async def _public(self, crawl: Crawl, base: str) -> AsyncIterator[Operation | Skipped]:
        """Look as nobody, too: who is signed in is not shown where to sign in, nor how to register."""
        if crawl.identity is None or not self.crawl:
            return
        public = Crawl(crawl.sender, None, Frontier(PUBLIC), self.seed, self.safe)
        public.frontier.add([Lead(Request("GET", base), "seed")])
        async for item in public.run():
            if isinstance(item, Operation):
                yield item

    async def _missing(self, crawl: Crawl, base: str) -> Missing:
        missing = Missing()
        letters = random.Random(f"missing{self.seed}").choices(string.ascii_lowercase, k=8)  # noqa: S311
        await missing.learn(crawl.sender, crawl.identity, base, "".join(letters))
        return missing
