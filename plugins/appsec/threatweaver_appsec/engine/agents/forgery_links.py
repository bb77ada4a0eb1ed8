"""Cross-site request forgery by a link: a GET that changes something, which any page can have sent."""

import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice
from urllib.parse import urlunsplit

from threatweaver_appsec.engine.accounts import (
    ANTI_FORGERY,
    OLD_PASSWORD,
    PASSWORD,
    key_of,
    marked,
    passwords,
    session_as,
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
from threatweaver_appsec.engine.agents.cookies import by_cookie, guards_of
from threatweaver_appsec.engine.answers import around, failed, same, wearing
from threatweaver_appsec.engine.credentials import sets_password
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import Point, Where, points_of, put
from threatweaver_appsec.engine.references import reads

MOST_LINKS = 30
LOOKS = re.compile(
    r"^(q|query|search\w*|s|keywords?|terms?|find|filter\w*|sort\w*|order\w*|page|lang\w*|theme|tab|view)$",
    re.IGNORECASE,
)
"""What says how something is shown: that it is remembered harms nobody."""


async def _links(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    session = await _session(site)
    if session is None:
        return
    links = [op for op in site.operations if op.request.method == "GET"]
    for op in links:
        if len(_passwords(op.request)) > 1 and await _sets(site, op, nonce):
            yield Suspicion(partial(_sets, site, op), partial(_sets, site, op, agree=False), op)
    taking = ((op, points) for op in links if reads(op) and (points := _texts(op.request)))
    for op, points in islice(taking, MOST_LINKS):
        if await _stores(site, op, points, nonce):
            for point in points:
                if await _stores(site, op, (point,), nonce):
                    again = partial(_stores, site, op, (point,))
                    yield Suspicion(again, partial(again, sent=False), op)


async def _session(site: Site) -> Headers | None:
    """Return the cookies that a browser sends along with another site's link; None where it sends none."""
    if not site.identities:
        return ()
    session = await session_as(site, next(iter(site.identities)))
    return session if by_cookie(session) and "strict" not in guards_of(site, session) else None


def _query(request: Request) -> Iterator[Point]:
    return (point for point in points_of(request) if point.where is Where.QUERY)


def _passwords(request: Request) -> tuple[Point, ...]:
    """Return the points of a query that take a new password, none where it asks for more than that."""
    keys = [key_of(point) for point in _query(request)]
    asks = any(OLD_PASSWORD.search(key) or ANTI_FORGERY.search(key) for key in keys)
    return passwords(request) if sets_password(request) and not asks else ()


def _texts(request: Request) -> tuple[Point, ...]:
    """Return the points of a query that may be stored, none where one of them keeps other sites away."""
    points = tuple(_query(request))
    if any(ANTI_FORGERY.search(key_of(point)) for point in points):
        return ()
    return tuple(
        point
        for point in points
        if not point.value.isdigit()
        and not LOOKS.search(key_of(point))
        and not PASSWORD.search(key_of(point))
    )


async def _stores(
    site: Site, op: Operation, points: tuple[Point, ...], nonce: Nonce, *, sent: bool = True
) -> Proof | None:
    """Send the link with marks, and find one where its page, or the one before, is asked without them."""
    session = await _session(site) or ()
    marks = {point: nonce.word(12) for point in points}
    request = _foreign(op.request, nonce)
    for point, mark in marks.items():
        request = put(request, point, marked(point, mark))
    answer = await site.send(wearing(request, session)) if sent else op.baseline
    if failed(answer):
        return None
    whole = urlunsplit(op.request.parts._replace(query=""))
    empty = op.request  # some show what they keep where nothing is given
    for point in points:
        empty = put(empty, point, "")
    for url in dict.fromkeys(url for url in (whole, op.page, empty.url) if url):
        seen = await site.send(wearing(Request("GET", url), session))
        for point, mark in marks.items():
            if mark in seen.text:
                says = f"A link to {request.parts.path} stores its {key_of(point)}: any site can have it sent"
                return _told(
                    site, f"{says}, and {seen.request.parts.path} shows it then.", mark, point, answer, seen
                )
    return None


async def _sets(site: Site, op: Operation, nonce: Nonce, *, agree: bool = True) -> Proof | None:
    """Send the link as it was found, which sets no other password; where both differ, it must be refused."""
    session = await _session(site) or ()
    request = _foreign(op.request, nonce)
    points = _passwords(request)
    request = request if agree else put(request, points[-1], f"{points[-1].value}x")
    taken = await site.send(wearing(request, session))
    wrong = put(request, points[-1], f"{points[-1].value}{nonce.word(4)}")
    refused, again = [await site.send(wearing(wrong, session)) for _ in range(2)]
    if failed(taken) or not same(refused, again, least=1.0) or same(taken, refused, least=1.0):
        return None
    says = (
        f"A link to {request.parts.path} sets the password, and nothing that other sites do not know is asked"
    )
    return _told(site, f"{says} for.", "", points[0], taken, refused)


def _foreign(request: Request, nonce: Nonce) -> Request:
    """Return the request as it comes from a page of another site."""
    return request.with_header("Referer", f"https://{nonce.word()}.example/")


def _told(site: Site, says: str, mark: str, point: Point, *exchanges: Exchange) -> Proof:
    """Return the proof; less bad where nobody is signed in, and the link does what anybody may do."""
    excerpt = around(exchanges[-1].text, mark) if mark else exchanges[0].text[:200]
    severity = None if site.identities else Severity.LOW
    return Proof(says=says, excerpt=excerpt, exchanges=exchanges, point=point, severity=severity)


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="csrf-link",
            title="Other sites can change something by a link",
            cwe=352,
            owasp="A01:2021",
            severity=Severity.MEDIUM,
            safety=Safety.INTRUSIVE,
            description="A GET changes something: a picture or a link on any page is enough to have the "
            "user's browser send it, with the session's cookie.",
            remedy="Change by POST only, with a token that other sites cannot know.",
        ),
        _links,
    ),
)
