"""Sessions that a login does not replace, and that a logout does not end."""

import re
from collections.abc import AsyncIterator
from functools import partial

from threatweaver_appsec.engine.accounts import (
    Account,
    cookies_of,
    filled,
    fresh,
    login_answer,
    logins,
    register,
    set_cookies,
    sign_in,
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
from threatweaver_appsec.engine.agents.identity_cookies import cookie_pairs, readers
from threatweaver_appsec.engine.answers import failed, granted, wearing
from threatweaver_appsec.engine.messages import Headers, Request

ENDS = re.compile(r"(log|sign)[-_]?(out|off)\b", re.IGNORECASE)


async def _personal(site: Site, account: Account, session: Headers) -> Operation | None:
    """Return an operation that names the account to its session, and not to nobody."""
    for op in readers(site):
        if ENDS.search(op.request.parts.path):
            continue
        seen = await site.send(wearing(op.request, session))
        if granted(seen) and account.username in seen.text:
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
    session = await sign_in(site, account) if account else None
    if account is None or not session or not (personal := await _personal(site, account, session)):
        return None
    before = cookies_of(await site.send(Request("GET", op.page or f"{site.base}/")))
    if not before:
        return None
    login = filled(wearing(await fresh(site, op), before), account.username, account.password, account.email)
    answer = await site.send(login) if signs_in else None
    if answer and {name for name, _ in set_cookies(answer.response)} & {
        name for name, _ in cookie_pairs(before)
    }:
        return None
    seen = await site.send(wearing(personal.request, before))
    if account.username not in seen.text:
        return None
    return Proof(
        says="The cookie that was set before the login is the session after it: who set it for "
        f"{account.username} "
        f"is signed in, too ({personal.request.parts.path}).",
        excerpt=seen.text[:200],
        exchanges=tuple(one for one in (answer, seen) if one),
    )


async def _lasting(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in site.operations:
        if ENDS.search(op.request.parts.path) and op.request.method in ("GET", "POST"):
            if await _lasts(site, op, nonce):
                yield Suspicion(partial(_lasts, site, op), partial(_lasts, site, op, signed_in=False), op)
            return


async def _lasts(site: Site, op: Operation, nonce: Nonce, *, signed_in: bool = True) -> Proof | None:
    """Show that a session still answers after its logout; nobody's must not."""
    account = await register(site, nonce)
    answer = await login_answer(site, account) if account else None
    session = await sign_in(site, account) if account and answer else None
    if account is None or not session or not (personal := await _personal(site, account, session)):
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
        exchanges=(out, seen),
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
