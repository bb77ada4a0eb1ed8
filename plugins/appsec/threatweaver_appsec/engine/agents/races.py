"""Races: what may be done once, done many times at the same moment."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from threatweaver_appsec.engine.accounts import (
    fresh,
    login_answer,
    logins,
    register,
    registrations,
    session_as,
    session_from,
)
from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Confirmation,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import granted
from threatweaver_appsec.engine.messages import Exchange, Headers

ONCE = re.compile(
    r"coupon|voucher|redeem|promo|discount|gift|claim|vote|like|rate|transfer|withdraw|invite|bonus|reward|trial"
    r"|check-?out|follow|apply|enroll|book\b|reserve",
    re.IGNORECASE,
)
TOGETHER = 10
BUSY = frozenset({0, 429, 503})  # a limit of requests says nothing of what may be done once


async def _races(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for what may be done once; confirmation shows whether it is, since each try may use it up."""
    own = {op.request.url for op in (*logins(site), *registrations(site))}
    for op in site.operations:
        if op.request.method not in ("POST", "PUT", "PATCH") or op.request.url in own:
            continue
        if ONCE.search(op.request.parts.path) and await _doer(site, nonce) is not None:
            yield Suspicion(partial(_many, site, op), partial(_in_turn, site, op), op)


@dataclass(frozen=True)
class Doer:
    """Somebody who has not done it yet: a new account, or else the first identity."""

    session: Headers
    came: tuple[Exchange, ...] = ()
    """How the account was made and signed in."""
    name: str = ""


async def _doer(site: Site, nonce: Nonce) -> Doer | None:
    account = await register(site, nonce)
    if account and account.created:
        answer = await login_answer(site, account)
        if answer is None:
            return None
        return Doer(await session_from(site, answer), (account.created, answer), account.username)
    return Doer(await session_as(site, next(iter(site.identities)))) if site.identities else None


def _done(first: Exchange, answers: list[Exchange]) -> list[Exchange]:
    """Return the answers that grant what the first one did."""
    return [one for one in answers if granted(one) and one.status == first.status]


async def _many(site: Site, op: Operation, nonce: Nonce) -> Proof | None:
    """Send it many times at once, and once more: several are done, and the last is refused."""
    doer = await _doer(site, nonce)
    if doer is None:
        return None
    request = await fresh(site, op, doer.session)
    answers = await site.send_together([request] * TOGETHER)
    good = [one for one in answers if granted(one)]
    last = await site.send(request)
    if not good or len(done := _done(good[0], answers)) < 2 or granted(last) or last.status in BUSY:
        return None
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} may be done once, and was done {len(done)} times "
        f"by {TOGETHER} requests at the same moment.",
        excerpt=done[1].text[:300],
        exchanges=(*doer.came, *done[:2]),
        fresh=(doer.name,) if doer.name else (),
        together=2,
    )


async def _in_turn(site: Site, op: Operation, nonce: Nonce) -> Proof | None:
    """The same requests one after another: more than one may not be granted."""
    doer = await _doer(site, nonce)
    if doer is None:
        return None
    request = await fresh(site, op, doer.session)
    granted_ones = [granted(await site.send(request)) for _ in range(3)]
    return Proof("is granted in turn, too") if sum(granted_ones) > 1 else None


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="race-condition",
            title="What may be done once is done many times",
            cwe=362,
            owasp="A04:2021",
            severity=Severity.MEDIUM,
            safety=Safety.INTRUSIVE,
            description="The check whether something was done already, and doing it, are two steps: "
            "requests at the same moment all pass the check.",
            remedy="Let the database decide: a unique constraint, a conditional update, or a lock on the "
            "row.",
            confirmation=Confirmation(1, 2),  # a try may use up what may be done once
        ),
        _races,
    ),
)
