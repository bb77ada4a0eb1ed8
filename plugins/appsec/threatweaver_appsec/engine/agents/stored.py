"""What is stored and shown again: markup that comes back as markup, and values that break a later query."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from urllib.parse import urlunsplit

from lxml import html

from threatweaver_appsec.engine.accounts import (
    fresh,
    key_of,
    marked,
    registrations,
    session_as,
    takes_mail,
    texts,
    writings,
)
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
from threatweaver_appsec.engine.agents.headers import policy_of
from threatweaver_appsec.engine.answers import around, bare, failed, wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import Point, Where, points_of, put
from threatweaver_appsec.engine.references import reads

MOST_READ = 12
MOST_WRITTEN = 25
SQL_ERROR = re.compile(
    r"SQL syntax.{0,60}MySQL|valid MySQL result|PostgreSQL.{0,60}ERROR|unterminated quoted string"
    r"|PG::SyntaxError|psycopg2\.errors|ORA-0(0933|1756)|SQLite(3::|_ERROR|/JDBC|Exception)"
    r"|sqlite3\.OperationalError|unrecognized token:|near \"[^\"]{0,40}\": syntax error"
    r"|Unclosed quotation mark after|quoted string not properly terminated",
    re.IGNORECASE,
)
TAG = "i"  # no script, no style: what it shows is that any could stand there


@dataclass(frozen=True)
class Writing:
    """One field of an operation that stores what it is given."""

    operation: Operation
    point: Point
    pages: tuple[str, ...]
    """Where it comes back."""


def _takes(request: Request) -> tuple[Point, ...]:
    """Return the points of a body that take text; of a GET, those of its query."""
    if request.method != "GET":
        return texts(request)
    query = (point for point in points_of(request) if point.where is Where.QUERY)
    return tuple(point for point in query if not point.value.isdigit())


def _by_address(site: Site) -> Iterator[Operation]:
    """Yield what may store a part of its query, though a GET should not: comments, notes, settings."""
    return (op for op in site.operations if op.request.method == "GET" and reads(op) and _takes(op.request))


async def _send(site: Site, op: Operation, values: Mapping[Point, str], session: Headers) -> Exchange:
    """Send the operation as a signed-in user with these values; what is empty else is filled in."""
    request = await fresh(site, op, session)
    for point in _takes(request):
        if point.value == "":
            request = put(request, point, marked(point, "text"))
    for point, value in values.items():
        request = put(request, point, value)
    return await site.send(request)


def _pages(site: Site, op: Operation, answer: Exchange) -> list[str]:
    """Return where what was stored may be shown, the nearest first."""
    if op.request.method == "GET":  # not where it was sent: what is shown there may be an echo
        whole = urlunsplit(op.request.parts._replace(query=""))
        return list(dict.fromkeys(url for url in (whole, op.page) if url))
    place = (answer.response.header("Location") if answer.response else None) or ""
    near = [op.page, op.request.url if op.request.method == "POST" else ""]
    if place.startswith("/"):
        near.insert(0, op.request.origin + place)
    readers = [other.request.url for other in site.operations if reads(other)]
    return list(dict.fromkeys(url for url in (*near, *readers) if url))[:MOST_READ]


async def _writings(site: Site, nonce: Nonce) -> AsyncIterator[Writing]:
    """Yield the fields whose value is shown again somewhere; each has a mark of its own."""
    session = await session_as(site, next(iter(site.identities))) if site.identities else ()
    bodies = islice((*registrations(site), *writings(site)), MOST_WRITTEN)
    for op in (*bodies, *islice(_by_address(site), MOST_WRITTEN)):
        marks = {point: nonce.word(12) for point in _takes(op.request)}
        values = {point: marked(point, mark) for point, mark in marks.items()}
        answer = await _send(site, op, values, session)
        if failed(answer):
            continue
        urls = _pages(site, op, answer)
        seen = [(url, (await site.send(wearing(Request("GET", url), session))).text) for url in urls]
        for point, mark in marks.items():
            if pages := tuple(url for url, text in seen if mark in text):
                yield Writing(op, point, pages)


async def _scripts(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    async for writing in _writings(site, nonce):
        if await _comes_back(site, writing, nonce):
            yield Suspicion(
                shows=partial(_comes_back, site, writing),
                control=partial(_comes_back, site, writing, marked=False),
                operation=writing.operation,
            )


async def _comes_back(site: Site, writing: Writing, nonce: Nonce, *, marked: bool = True) -> Proof | None:
    """Store an element, and find it as one in a page; without its angle brackets for the control."""
    session = await session_as(site, next(iter(site.identities))) if site.identities else ()
    mark = nonce.word(12)
    value = f"\"'><{TAG} id={mark} onmouseover={mark}()>x</{TAG}>"
    plain = mark if takes_mail(writing.point) else f"id={mark} onmouseover={mark}()"
    stored = await _send(site, writing.operation, {writing.point: value if marked else plain}, session)
    for url in writing.pages:
        page = await site.send(wearing(Request("GET", url), session))
        if _has_element(page, mark):
            stopped = _stops_scripts(page)
            return Proof(
                says=f"What {writing.operation.request.parts.path} stores of {key_of(writing.point)} "
                "stands at "
                f"{page.request.parts.path} as markup, with an event handler"
                f"{'; the Content-Security-Policy keeps it from running' if stopped else ''}.",
                excerpt=around(page.text, mark),
                exchanges=(stored, page),
                point=writing.point,
                severity=Severity.LOW if stopped else None,
                title="Stored HTML injection" if stopped else None,
            )
    return None


def _has_element(page: Exchange, mark: str) -> bool:
    if page.response is None or page.response.media_type not in ("text/html", "application/xhtml+xml"):
        return False
    try:
        tree = html.fromstring(page.text)
    except (ValueError, AssertionError, html.etree.LxmlError):
        return False
    return any(
        element.get("onmouseover") == f"{mark}()" for element in tree.iter(TAG) if element.get("id") == mark
    )


def _stops_scripts(page: Exchange) -> bool:
    """Return whether the policy of a page keeps inline handlers from running."""
    policy = policy_of(page.response) if page.response else {}
    allowed = policy.get("script-src-attr", policy.get("script-src", policy.get("default-src")))
    if allowed is None:
        return False
    strict = any(word.startswith(("'nonce-", "'sha")) for word in allowed)
    return "'unsafe-inline'" not in allowed or strict


async def _queries(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    async for writing in _writings(site, nonce):
        if await _breaks(site, writing, nonce):
            yield Suspicion(
                shows=partial(_breaks, site, writing),
                control=partial(_breaks, site, writing, quote="''"),
                operation=writing.operation,
            )


async def _breaks(site: Site, writing: Writing, nonce: Nonce, *, quote: str = "'") -> Proof | None:
    """Store a value with one quote, and have a later page report a broken query; two quotes break none."""
    session = await session_as(site, next(iter(site.identities))) if site.identities else ()
    stored = await _send(site, writing.operation, {writing.point: f"{nonce.word(10)}{quote}"}, session)
    if SQL_ERROR.search(stored.text):
        return None  # broken at once: first order, another agent's finding
    pages = [*writing.pages, *(op.request.url for op in islice(site.operations, MOST_READ) if reads(op))]
    for url in dict.fromkeys(pages):
        page = await site.send(wearing(bare(Request("GET", url)), session))
        if found := SQL_ERROR.search(page.text):
            return Proof(
                says=f"A quote that {writing.operation.request.parts.path} stores breaks the query of "
                f"{page.request.parts.path}.",
                excerpt=around(page.text, found.group()),
                exchanges=(stored, page),
                point=writing.point,
            )
    return None


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="xss-stored",
            title="Stored cross-site scripting",
            cwe=79,
            owasp="A03:2021",
            severity=Severity.HIGH,
            safety=Safety.INTRUSIVE,
            description="What one user stores is part of the page that others see, so that it runs as a "
            "script "
            "in their sessions.",
            remedy="Escape what is shown for the place where it stands; let a template engine do it "
            "everywhere.",
        ),
        _scripts,
    ),
    Prober(
        About(
            id="sqli-second-order",
            title="Stored values are put into a query",
            cwe=89,
            owasp="A03:2021",
            severity=Severity.HIGH,
            safety=Safety.INTRUSIVE,
            description="A value is stored safely, and put unescaped into a query later on.",
            remedy="Bind values as parameters in every query, those that come from the database, too.",
        ),
        _queries,
    ),
)
