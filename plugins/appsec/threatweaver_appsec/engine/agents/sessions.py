"""Sessions that a login does not replace, and that a logout does not end."""

import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from html import unescape
from urllib.parse import urljoin

from threatweaver_appsec.engine.accounts import (
    Account,
    cookies_of,
    filled,
    fresh,
    login_answers,
    logins,
    register,
    session_from,
    set_cookies,
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
from threatweaver_appsec.engine.agents.cookies import by_cookie
from threatweaver_appsec.engine.agents.identity_cookies import cookie_pairs, readers
from threatweaver_appsec.engine.answers import failed, granted, wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.references import reads

MOST_TEXT = 200_000  # characters of a page
LINK = re.compile(r"<a\s[^>]*?href\s*=\s*[\"']?([^\"'\s>]{1,500})", re.IGNORECASE)
ENDS = re.compile(r"(log|sign)[-_]?(out|off)\b", re.IGNORECASE)


async def _personal(
    site: Site, account: Account, session: Headers, places: tuple[str, ...] = ()
) -> Operation | None:
    """Return an operation that names the account to its session, and not to nobody; at these places first."""
    first = [op for op in site.operations if op.request.url in places and reads(op)]
    for op in (*first, *readers(site)):
        if ENDS.search(op.request.parts.path):
            continue
        seen = await site.send(wearing(op.request, session))
        if not failed(seen) and account.username in seen.text:
            nobody = await site.send(wearing(op.request, ()))
            if account.username not in nobody.text:
                return op
    return None


async def _fixation(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in logins(site):
        if await _keeps(site, op, nonce):
            yield Suspicion(partial(_keeps, site, op), partial(_keeps, site, op, signs_in=False), op)
            return


async def _keeps(site: Site, op: Operation, nonce: Nonce, *, signs_in: bool = True) -> Proof | None:
    """Show that a session which somebody had before the login is signed in by it."""
    account = await register(site, nonce)
    if account is None:
        return None
    opened = await _before(site, op)
    before = cookies_of(opened) if opened else ()
    if not before or not (personal := await _personal_by(site, op, account)):
        return None
    login = filled(wearing(await fresh(site, op), before), account.username, account.password, account.email)
    answer = await site.send(login) if signs_in else None
    old = dict(cookie_pairs(before))
    if any(old.get(name, value) != value for name, value in set_cookies(answer.response if answer else None)):
        return None
    seen = await site.send(wearing(personal.request, before))
    if account.username not in seen.text:
        return None
    return Proof(
        says="The cookie that was set before the login is the session after it: who set it for "
        f"{account.username} "
        f"is signed in, too ({personal.request.parts.path}).",
        excerpt=seen.text[:200],
        exchanges=tuple(one for one in (opened, answer, seen) if one),
    )


async def _personal_by(site: Site, op: Operation, account: Account) -> Operation | None:
    """Return what names the account to the session that this login gives, where a site has several."""
    answer = await site.send(filled(await fresh(site, op), account.username, account.password, account.email))
    session = () if failed(answer) else await session_from(site, answer)
    return await _personal(site, account, session, _pages(op)) if session else None


def _pages(op: Operation) -> tuple[str, ...]:
    """Return where a login's form may stand."""
    return tuple(dict.fromkeys(url for url in (op.page, op.request.url) if url))


async def _before(site: Site, op: Operation) -> Exchange | None:
    """Return the page that gives cookies to somebody who has not signed in yet."""
    for url in _pages(op):
        opened = await site.send(Request("GET", url))
        if cookies_of(opened):
            return opened
    return None


async def _lasting(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in _ways_out(site):
        if await _lasts(site, op, nonce):
            yield Suspicion(partial(_lasts, site, op), partial(_lasts, site, op, signed_in=False), op)
        return


def _ways_out(site: Site) -> Iterator[Operation]:
    """Yield what ends a session: what is known, and what pages link to, where discovery did not go."""
    for op in site.operations:
        if ENDS.search(op.request.parts.path) and op.request.method in ("GET", "POST"):
            yield op
    for op in site.operations:
        page = op.request.url
        for link in LINK.findall(op.baseline.text[:MOST_TEXT]) if reads(op) else ():
            request = Request("GET", urljoin(page, unescape(link)).partition("#")[0])
            if request.origin == op.request.origin and ENDS.search(request.parts.path):
                yield Operation(request, Exchange(request, None), "link", page)


async def _entered(site: Site, account: Account, op: Operation) -> tuple[Exchange, Headers] | None:
    """Sign in for a way out; one that a page links to ends what a browser carries by itself: cookies."""
    async for answer in login_answers(site, account):
        session = await session_from(site, answer)
        if session and (op.source not in ("link", "form") or by_cookie(session)):
            return answer, session
    return None


async def _lasts(site: Site, op: Operation, nonce: Nonce, *, signed_in: bool = True) -> Proof | None:
    """Show that a session still answers after its logout; nobody's must not."""
    account = await register(site, nonce)
    entered = await _entered(site, account, op) if account else None
    if account is None or entered is None:
        return None
    answer, session = entered
    personal = await _personal(site, account, session)
    if personal is None:
        return None
    out = await site.send(await fresh(site, op, session))
    if failed(out):
        return None
    seen = await site.send(wearing(personal.request, session if signed_in else ()))
    if not granted(seen) or account.username not in seen.text:
        return None
    return Proof(
        says=f"After {op.request.method} {op.request.parts.path} the session still answers at "
        f"{personal.request.parts.path}.",
        excerpt=seen.text[:200],
        exchanges=(answer, out, seen),
    )


_about = partial(About, owasp="A07:2021", safety=Safety.INTRUSIVE)


AGENTS: tuple[Agent, ...] = (
    Prober(
        _about(
            "session-fixation",
            "Login keeps the session of before",
            384,
            Severity.MEDIUM,
            "Signing in does not change the session's id, so that somebody who set it before shares the "
            "session.",
            "Begin a new session at each login.",
        ),
        _fixation,
    ),
    Prober(
        _about(
            "logout-ineffective",
            "Session lives on after its logout",
            613,
            Severity.LOW,
            "The logout makes the browser forget the session, and the server still takes it.",
            "End the session on the server; keep tokens short-lived, with a list of those that were revoked.",
        ),
        _lasting,
    ),
)
