"""Cross-site request forgery: a form sent as another site would send it, and what it changed read back."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial

from threatweaver_appsec.engine.accounts import (
    ANTI_FORGERY,
    OLD_PASSWORD,
    Account,
    fields,
    fresh,
    key_of,
    login_answers,
    logins,
    marked,
    passwords,
    register,
    registrations,
    session_as,
    session_from,
    sign_in,
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
from threatweaver_appsec.engine.agents.cookies import by_cookie, cookies_in, guard, guards_of
from threatweaver_appsec.engine.answers import around, failed, granted, wearing
from threatweaver_appsec.engine.messages import Headers, Request
from threatweaver_appsec.engine.points import FORM, put
from threatweaver_appsec.engine.references import reads

STRUCTURED = re.compile(r"\d{1,4}([-/.:]\d{1,4})+\S*|[+(]?\d[\d ()/-]{5,}|\D{0,3}\d+([.,]\d+)?\s?\D{0,3}")
"""Dates, times, numbers of telephones, amounts with their unit: a form with a word there is refused."""
MOST_READ = 10
MOST_FORMS = 20


@dataclass(frozen=True)
class Victim:
    """Who is made to send: a session in a cookie, of an account of our own where one can be made."""

    session: Headers
    account: Account | None


async def _victim(site: Site, op: Operation, nonce: Nonce) -> Victim | None:
    """Return somebody whose cookie a browser would send along with another site's request."""
    account = await register(site, nonce)
    if account:
        async for answer in login_answers(site, account):
            session = await session_from(site, answer)
            if not await _is_shown(site, op, session):
                continue  # a login of something else: there are sites with several
            guards = [guard(one) for one in cookies_in(answer.response)]
            return Victim(session, account) if by_cookie(session) and not _guarded(guards) else None
    for name in site.identities:
        session = await session_as(site, name)
        guarded = _guarded(guards_of(site, session))
        return Victim(session, None) if by_cookie(session) and not guarded else None
    return None


async def _is_shown(site: Site, op: Operation, session: Headers) -> bool:
    """Return whether a session opens the page of a form, by its cookie."""
    if not by_cookie(session) or not op.page:
        return by_cookie(session)
    page = await site.send(wearing(Request("GET", op.page), session))
    asks_password = bool(passwords(op.request))  # so does its page, which is no login then
    return granted(page) or (asks_password and 200 <= page.status < 300)


def _guarded(guards: list[str]) -> bool:
    return bool(guards) and all(guard in ("lax", "strict") for guard in guards)


async def _forms(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    own = {op.request.url for op in (*registrations(site), *logins(site))}
    changing = [op for op in site.operations if op.request.method == "POST" and passwords(op.request)]
    forms = [op for op in writings(site) if op.request.method == "POST"]
    forms += [op for op in changing if op.request.url not in own]
    for op in forms[:MOST_FORMS]:
        if await _forged(site, op, nonce):
            yield Suspicion(partial(_forged, site, op), partial(_forged, site, op, signed_in=False), op)


async def _forged(site: Site, op: Operation, nonce: Nonce, *, signed_in: bool = True) -> Proof | None:
    """Send the form as another site would, and show what it changed; without the cookie for the control."""
    victim = await _victim(site, op, nonce)
    if victim is None or (passwords(op.request) and victim.account is None):
        return None
    mark, new = nonce.word(12), f"Bb2-{nonce.word(10)}"
    request = _written(_without_tokens(await fresh(site, op, victim.session)), victim, mark, new)
    if request.media_type != FORM:  # the only way to send JSON from another site without being asked first
        request = request.with_header("Content-Type", "text/plain")
    request = request.with_header("Origin", f"https://{nonce.word()}.example").with_header("Referer", None)
    answer = await site.send(request if signed_in else wearing(request, ()))
    if failed(answer):
        return None
    says = f"POST {request.parts.path} is done when another site sends it (other Origin, no token)"
    if victim.account and passwords(request):
        changed = await sign_in(site, victim.account, new)
        return Proof(f"{says}: the victim's password is changed.", "", (answer,)) if changed else None
    for place in _places(site, op):
        seen = await site.send(wearing(Request("GET", place), victim.session))
        if mark in seen.text:
            says = f"{says}: what it wrote is at {seen.request.parts.path}."
            return Proof(says, around(seen.text, mark), (answer, seen))
    return None


def _written(request: Request, victim: Victim, mark: str, new: str) -> Request:
    """Return the form filled in: a mark as text, and the password that another site would choose."""
    for point in fields(request):
        key = key_of(point)
        if point in passwords(request):
            old = victim.account.password if victim.account and OLD_PASSWORD.search(key) else None
            request = put(request, point, old or new)
        elif point in texts(request) and not STRUCTURED.fullmatch(str(point.value).strip()):
            request = put(request, point, marked(point, mark))
    return request


def _without_tokens(request: Request) -> Request:
    pairs = [
        part
        for part in request.body.split(b"&")
        if not ANTI_FORGERY.search(part.partition(b"=")[0].decode("latin-1"))
    ]
    return replace(request, body=b"&".join(pairs))


def _places(site: Site, op: Operation) -> list[str]:
    """Return where what was written may be read: at the form itself, its page, and other pages."""
    readers = [other.request.url for other in site.operations if reads(other)]
    return list(dict.fromkeys([op.request.url, *([op.page] if op.page else []), *readers[:MOST_READ]]))


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="csrf",
            title="Other sites can send a form for the user",
            cwe=352,
            owasp="A01:2021",
            severity=Severity.MEDIUM,
            safety=Safety.INTRUSIVE,
            description="A form that changes something is taken from any site that the user's browser "
            "sends it "
            "from: its cookie is all that is asked for.",
            remedy="Ask for a token that other sites cannot know, and set SameSite on the session's cookie.",
        ),
        _forms,
        needs=frozenset({"login"}),
    ),
)
