"""Places that have a fixed name: robots.txt, sitemaps, security.txt, documents of an API."""

import re
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from lxml import etree

from threatweaver_appsec.engine.discover import documents, graphql, plain
from threatweaver_appsec.engine.discover.leads import Lead
from threatweaver_appsec.engine.discover.missing import Missing
from threatweaver_appsec.engine.discover.urls import canonical, is_static
from threatweaver_appsec.engine.messages import Request, Response
from threatweaver_appsec.engine.ports import Sender, Skipped

DOCUMENTS = (
    *("/openapi.json", "/swagger.json", "/v3/api-docs", "/v2/api-docs", "/api-docs", "/api/openapi.json"),
    *("/swagger/v1/swagger.json", "/openapi.yaml", "/swagger.yaml", "/api/swagger.json", "/api/schema/"),
    *("/api-docs/swagger.json", "/docs/openapi.json", "/.well-known/openapi.json", "/api/v1/openapi.json"),
)
PAGES = ("/.well-known/security.txt", "/.well-known/openid-configuration", "/.well-known/change-password")
MOST_SITEMAPS = 20
MOST_ADDRESSES = 20_000
MOST_UNPACKED = 20_000_000
_RULE = re.compile(r"^\s*(?:allow|disallow)\s*:\s*(\S{1,500})", re.IGNORECASE | re.MULTILINE)
_SITEMAP = re.compile(r"^\s*sitemap\s*:\s*(\S{1,2000})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class WellKnown:
    """Asks the fixed places of one target."""

    sender: Sender
    identity: str | None
    base: str
    missing: Missing

    async def leads(self) -> list[Lead | Skipped]:
        """Return what the fixed places name, in a fixed order."""
        root = canonical("/", self.base) or self.base
        found: list[Lead | Skipped] = []
        robots = await self._get(root + "robots.txt")
        text = robots.text[:500_000] if robots and "<html" not in robots.text[:1_000].lower() else ""
        found += [self._page(url, "robots") for url in robots_paths(text, root)]
        maps = [canonical(url, root) for url in _SITEMAP.findall(text)[:MOST_SITEMAPS]]
        async for url in self._sitemaps([url for url in maps if url] or [root + "sitemap.xml"]):
            found.append(self._page(url, "sitemap"))
        for path in PAGES:
            if await self._get(root + path[1:]):
                found.append(self._page(root + path[1:], "well-known"))
        return [*found, *await self._documents(), *await self._graphql()]

    async def _documents(self) -> list[Lead | Skipped]:
        for folder in dict.fromkeys((canonical("/", self.base) or self.base, self.base.rstrip("/") + "/")):
            for path in DOCUMENTS:
                response = await self._get(folder + path[1:])
                leads = documents.recognize(response.body, folder + path[1:]) if response else []
                if leads:
                    return [*leads]
        return []

    async def _graphql(self) -> list[Lead | Skipped]:
        """Return the operations of a GraphQL endpoint; one that hides its schema is said to be skipped."""
        root = canonical("/", self.base) or self.base
        for path in graphql.PATHS:
            url = root + path[1:]
            exchange = await self.sender.send(graphql.introspection(url), identity=self.identity)
            document = plain.load(exchange.response.body, yaml=False) if exchange.response else None
            if graphql.is_schema(document):
                return [*graphql.leads(document, url)]
            if graphql.answers(document):
                return [Skipped(f"GraphQL {url}", "it does not tell its schema")]
        return []

    async def _sitemaps(self, urls: list[str]) -> AsyncIterator[str]:
        seen: set[str] = set()
        count = 0
        while urls and len(seen) < MOST_SITEMAPS:
            url = urls.pop(0)
            if url in seen:
                continue
            seen.add(url)
            response = await self._get(url)
            for kind, address in read_sitemap(response.body, url) if response else ():
                if kind == "sitemap":
                    urls.append(address)
                elif count < MOST_ADDRESSES:
                    count += 1
                    yield address

    async def _get(self, url: str) -> Response | None:
        """Return the answer where the place is there."""
        request = Request("GET", url)
        if self.sender.refusal(request):
            return None
        exchange = await self.sender.send(request, identity=self.identity, follow=True)
        response = exchange.response
        return (
            response if response and response.status == 200 and not self.missing.is_like(exchange) else None
        )

    def _page(self, url: str, source: str) -> Lead:
        return Lead(Request("GET", url), source, "", 1)


def robots_paths(text: str, root: str) -> list[str]:
    """Return the addresses that robots.txt names; a pattern is cut before its first wildcard."""
    found: dict[str, None] = {}
    for rule in _RULE.findall(text)[:1_000]:
        path = re.split(r"[*$]", rule)[0]
        url = canonical(path, root) if path.startswith("/") and path != "/" else None
        if url and not is_static(url):
            found.setdefault(url)
    return list(found)


def read_sitemap(body: bytes, url: str) -> Iterator[tuple[str, str]]:
    """Yield `sitemap` or `page` with the address, of an index, a sitemap, or either in gzip."""
    data = unpack(body) if body[:2] == b"\x1f\x8b" else body[:MOST_UNPACKED]
    if data.lstrip()[:1] != b"<":
        addresses = data[:2_000_000].decode("utf-8", "replace").split()
        yield from (("page", found) for text in addresses[:MOST_ADDRESSES] if (found := _whole(text, url)))
        return
    parser = etree.XMLPullParser(
        events=("end",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
    )
    try:
        for start in range(0, len(data), 65_536):
            parser.feed(data[start : start + 65_536])
            for _, element in parser.read_events():
                parent = element.getparent()
                if (
                    isinstance(element.tag, str)
                    and etree.QName(element).localname == "loc"
                    and parent is not None
                ):
                    found = canonical((element.text or "").strip(), url)
                    if found:
                        yield ("sitemap" if etree.QName(parent).localname == "sitemap" else "page"), found
                elif parent is not None and parent.getparent() is None:
                    element.clear(keep_tail=False)
    except (etree.LxmlError, ValueError):
        return


def _whole(text: str, url: str) -> str | None:
    return canonical(text, url) if text.startswith(("http://", "https://")) else None


def unpack(body: bytes) -> bytes:
    """Return what gzip holds, as far as `MOST_UNPACKED`."""
    try:
        return zlib.decompressobj(wbits=31).decompress(body, MOST_UNPACKED)
    except zlib.error:
        return b""
