"""Access to objects: what belongs to one identity must not be read as another, nor by nobody."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Any

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
from threatweaver_appsec.engine.answers import (
    ACCOUNT_PLACE,
    PRIVATE_KEY,
    around,
    bare,
    document_of,
    facts,
    granted,
    leaves,
    objects,
    refused,
    same,
)
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.references import Item, items, mentions, reads

PRIVATE_PLACE = re.compile(
    r"/(my|me|orders?|invoices?|accounts?|messages?|inbox|documents?|payments?|tickets?|profiles?|statements?"
    r"|baskets?|carts?|addresses|wallets?|transactions?|receipts?|notes?|vehicles?|reports?)(/|$)",
    re.IGNORECASE,
)
OWNER_KEY = re.compile(
    r"owner|user|login|author|customer|account|created.?by|member|^name$|e-?mail", re.IGNORECASE
)
MOST_LISTINGS = 40
MOST_TRIES = 4  # objects of one owner, for one item
NEIGHBORS = (-1, 1, -2, 2, 3)


@dataclass(frozen=True)
class Candidate:
    """An object that seems to be somebody's own."""

    value: Any
    alone: bool
    """Named only by the owner's view of the collection that it is in."""


def _names(found: dict[str, Any], username: str | None) -> bool:
    """Return whether an object says that it is somebody's."""
    return bool(username) and any(
        value == username and bool(OWNER_KEY.search(path[-1])) for path, value in leaves(found) if path
    )


def candidates(
    item: Item, views: list[tuple[Exchange, Exchange]], username: str | None
) -> Iterator[Candidate]:
    """Yield the owner's objects: each view is a listing as the reader and as the owner see it."""
    tried: set[str] = set()
    for readers, owners in views:
        if not granted(owners):
            continue
        known = {str(mention.value) for mention in mentions(item, readers)} if granted(readers) else None
        for mention in mentions(item, owners):
            alone = known is not None and str(mention.value) not in known
            if str(mention.value) not in tried and (alone or _names(mention.among, username)):
                tried.add(str(mention.value))
                yield Candidate(mention.value, alone and mention.collection)


async def _reads(
    site: Site, item: Item, candidate: Candidate, reader: str, owner: str, nonce: Nonce
) -> Proof | None:
    """Show that the reader is answered what only the owner should be."""
    request = bare(item.of(candidate.value))
    own = await site.send(request, identity=owner)
    if not granted(own):
        return None
    stranger = await site.send(request, identity=reader)
    if not granted(stranger):
        return None
    nobody = await site.send(request)
    missing = nonce.number(10**8, 10**9) if str(candidate.value).isdigit() else nonce.word(12)
    nothing = await site.send(bare(item.of(missing)), identity=reader)
    shared = (facts(own) & facts(stranger)) - facts(nobody) - facts(nothing)
    shared = frozenset(fact for fact in shared if fact.rpartition("=")[2] != str(candidate.value))
    if not shared or granted(nobody) or not _is_private(item, candidate, own, shared, site, owner):
        return None
    shown = min(shared, key=lambda fact: (not PRIVATE_KEY.search(fact.partition("=")[0]), fact))
    return Proof(
        says=f"{item.operation.request.method} {request.parts.path} is {owner}'s: read as {reader}, it "
        f"answers what it answers its owner ({shown.partition('=')[0][:60]}); without a login it is refused.",
        excerpt=around(stranger.text, shown.rpartition("=")[2]),
        exchanges=(own, stranger, nobody),
        point=item.point,
    )


def _is_private(
    item: Item, candidate: Candidate, own: Exchange, shared: frozenset[str], site: Site, owner: str
) -> bool:
    if candidate.alone:
        return True
    path, username = item.operation.request.parts.path, site.identities[owner].username
    named = username is not None and any(_names(found, username) for found in objects(document_of(own)))
    if document_of(own) is None:
        return bool(PRIVATE_PLACE.search(path)) and username is not None and username in own.text
    keys = {fact.partition("=")[0].rpartition(".")[2] for fact in shared}
    private = any(PRIVATE_KEY.search(key) for key in keys) or (
        bool(ACCOUNT_PLACE.search(path)) and any("mail" in key.lower() for key in keys)
    )
    return named and (private or bool(PRIVATE_PLACE.search(path)) or _is_record(site, item))


def _is_record(site: Site, item: Item) -> bool:
    """Return whether an item is an account that is edited at the same place, and no profile to be shown."""
    path = item.operation.request.parts.path
    return bool(ACCOUNT_PLACE.search(path)) and any(
        op.request.method in ("PUT", "PATCH") and item.is_at(op.request.parts.path) for op in site.operations
    )


async def _object_access(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for objects of one identity that another reads."""
    names = list(site.identities)[:3]
    seen = {name: await listings(site, name) for name in names}
    for item in items(site.operations):
        for reader, owner in permutations(names, 2):
            views = [(seen[reader][url], view) for url, view in seen[owner].items() if url in seen[reader]]
            found = await _first(
                site, item, candidates(item, views, site.identities[owner].username), reader, owner, nonce
            ) or await _neighbor(site, item, reader, owner, nonce)
            if found:
                yield Suspicion(
                    shows=partial(_reads, site, item, found, reader, owner),
                    control=partial(_reads_missing, site, item, found, reader, owner),
                    operation=item.operation,
                )
                break


async def _reads_missing(
    site: Site, item: Item, found: Candidate, reader: str, owner: str, nonce: Nonce
) -> Proof | None:
    """The same with an object that does not exist."""
    missing = nonce.number(10**8, 10**9) if str(found.value).isdigit() else nonce.word(12)
    return await _reads(site, item, Candidate(missing, found.alone), reader, owner, nonce)


async def listings(site: Site, name: str) -> dict[str, Exchange]:
    """Return what reading operations answer an identity, by URL."""
    seen: dict[str, Exchange] = {}
    for op in site.operations:
        if reads(op) and op.request.url not in seen:
            if len(seen) == MOST_LISTINGS:
                break
            seen[op.request.url] = await site.send(bare(op.request), identity=name)
    return seen


async def _first(
    site: Site, item: Item, candidates: Iterator[Candidate], reader: str, owner: str, nonce: Nonce
) -> Candidate | None:
    for candidate, _ in zip(candidates, range(MOST_TRIES), strict=False):
        if await _reads(site, item, candidate, reader, owner, nonce):
            return candidate
    return None


async def _neighbor(site: Site, item: Item, reader: str, owner: str, nonce: Nonce) -> Candidate | None:
    """Count up and down from a number that is known, until an answer names the owner."""
    username = site.identities[owner].username
    if not username or not str(item.point.value).isdigit():
        return None
    for step in (0, *NEIGHBORS):
        value = int(item.point.value) + step
        answer = await site.send(bare(item.of(value)), identity=reader)
        named = granted(answer) and any(_names(found, username) for found in objects(document_of(answer)))
        if named and await _reads(site, item, Candidate(value, False), reader, owner, nonce):
            return Candidate(value, False)
    return None


async def _login_missing(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for operations that should need a login, and answer nobody the same."""
    pages: dict[str, bool] = {}
    name = next(iter(site.identities))
    for op in site.operations:
        if not reads(op) or not await _should_need_login(site, op, name, pages):
            continue
        if await _answers_nobody(site, op, name, nonce):
            yield Suspicion(
                shows=partial(_answers_nobody, site, op, name),
                control=partial(_answers_anything, site, op, name),
                operation=op,
            )


async def _should_need_login(site: Site, op: Operation, name: str, pages: dict[str, bool]) -> bool:
    if op.needs_login is not None:
        return op.needs_login
    if not op.page:
        return False
    if op.page not in pages:
        page = await site.send(Request("GET", op.page))
        pages[op.page] = refused(page)
    username = site.identities[name].username
    return pages[op.page] and username is not None and username in op.baseline.text


async def _answers_nobody(site: Site, op: Operation, name: str, _: Nonce) -> Proof | None:
    request = bare(op.request)
    known, nobody = await site.send(request, identity=name), await site.send(request)
    if not granted(known) or not granted(nobody) or not same(known, nobody) or not facts(known):
        return None
    return Proof(
        says=f"{request.method} {request.parts.path} should need a login, and answers nobody what it answers "
        f"{name}.",
        excerpt=nobody.text[:320],
        exchanges=(known, nobody),
    )


async def _answers_anything(site: Site, op: Operation, name: str, nonce: Nonce) -> Proof | None:
    """The same at a place that does not exist: a site that answers everything alike shows nothing."""
    path = f"{op.request.parts.path.rstrip('/')}-{nonce.word(8)}"
    request = bare(op.request)
    moved = Request(request.method, request.origin + path, request.headers, request.body)
    known, nobody = await site.send(moved, identity=name), await site.send(moved)
    return Proof("answers everything") if granted(known) and same(known, nobody) else None


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="bola-read",
            title="Objects of other users can be read",
            cwe=639,
            owasp="API1:2023",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="An operation reads an object by a reference of the request, and does not ask "
            "whether it belongs to who asks.",
            remedy="Look the object up among those of the signed-in user (WHERE id = ? AND owner = ?), and "
            "answer 404 for all others.",
        ),
        _object_access,
        needs=frozenset({"two_identities"}),
    ),
    Prober(
        About(
            id="missing-authentication",
            title="Operation needs no login",
            cwe=306,
            owasp="API2:2023",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="An operation that is documented or linked for signed-in users answers anybody.",
            remedy="Ask for the session before every operation, and list those that are public.",
        ),
        _login_missing,
        needs=frozenset({"login"}),
    ),
)
