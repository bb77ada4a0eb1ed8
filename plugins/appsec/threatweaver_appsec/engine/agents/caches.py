"""Shared caches: whether they keep for all what one asked for. Each question has an address of its own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from itertools import islice
from urllib.parse import urlunsplit

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.agents.origins import leads_to, places
from threatweaver_appsec.engine.answers import around, bare, granted
from threatweaver_appsec.engine.messages import Request

MOST_ASKED = 15
UNKEYED = ("X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-URL", "X-Forwarded-Prefix")


def apart(request: Request, word: str) -> Request:
    """Return the request at an address of its own, so that nobody else meets what a cache keeps of it."""
    parts = request.parts
    query = f"{parts.query}&" if parts.query else ""
    return replace(bare(request), url=urlunsplit(parts._replace(query=f"{query}cb={word}")))


async def _poisoned(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in islice(places(site), MOST_ASKED):
        for header in UNKEYED:
            if await _keeps(site, op, header, nonce):
                yield Suspicion(
                    shows=partial(_keeps, site, op, header),
                    control=partial(_keeps, site, op, header, sends=False),
                    operation=op,
                )
                return


async def _keeps(site: Site, op: Operation, header: str, nonce: Nonce, *, sends: bool = True) -> Proof | None:
    """Show that who does not send the header is answered what it caused."""
    host, word = f"{nonce.word(12)}.example", nonce.word(12)
    request = apart(op.request, word)
    first = await site.send(request.with_header(header, host) if sends else request)
    if sends and host not in first.text and not leads_to(first, host):
        return None
    later = await site.send(request)
    if host not in later.text and not leads_to(later, host):
        return None
    return Proof(
        says=f"What {header} causes at {op.request.parts.path} is kept, and answered to who does not send "
        "it.",
        excerpt=around(later.text, host),
        exchanges=(first, later),
        fresh=(word,),
    )


async def _deceived(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    name = next(iter(site.identities))
    username = site.identities[name].username
    personal = [op for op in places(site) if username and username in op.baseline.text]
    for op in personal[:MOST_ASKED]:
        if await _leaves(site, op, name, nonce):
            yield Suspicion(
                shows=partial(_leaves, site, op, name),
                control=partial(_leaves, site, op, name, asked=False),
                operation=op,
            )
            return


async def _leaves(site: Site, op: Operation, name: str, nonce: Nonce, *, asked: bool = True) -> Proof | None:
    """Show that a page of the user's, asked for under the name of a picture, is answered to anybody then."""
    username = site.identities[name].username or ""
    word = nonce.word(12)
    path = f"{op.request.parts.path.rstrip('/')}/{word}.css"
    request = Request("GET", urlunsplit(op.request.parts._replace(path=path)))
    own = await site.send(request, identity=name) if asked else None
    nobody = await site.send(request)
    if not granted(nobody) or username not in nobody.text:
        return None
    return Proof(
        says=f"{op.request.parts.path} answers {name}'s page under a name that ends with .css, and a "
        "cache keeps "
        "it for anybody.",
        excerpt=around(nobody.text, username),
        exchanges=tuple(one for one in (own, nobody) if one),
        fresh=(word,),
    )


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="cache-poisoning",
            title="Cache keeps what a header caused",
            cwe=349,
            owasp="A05:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="A header that is no part of the cache's key changes the answer that it keeps "
            "for all.",
            remedy="Ignore the header, or make it part of the key (Vary); make no links from it.",
        ),
        _poisoned,
    ),
    Prober(
        About(
            id="cache-deception",
            title="Cache keeps a user's own page",
            cwe=524,
            owasp="A05:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="The application ignores what follows a page's path, and the cache keeps what "
            "ends like "
            "a file: a user who follows such a link leaves the page to anybody.",
            remedy="Answer 404 for paths with more behind them, and cache by Cache-Control, not by name.",
        ),
        _deceived,
        needs=frozenset({"login"}),
    ),
)
