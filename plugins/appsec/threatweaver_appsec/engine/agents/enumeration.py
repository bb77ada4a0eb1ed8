"""User enumeration: whether answers, or the time they take, tell a name that exists from others."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

from threatweaver_appsec.engine.accounts import (
    EMAIL,
    PASSWORD,
    USER,
    Account,
    fields,
    filled,
    fresh,
    key_of,
    logins,
    register,
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
    Telltale,
)
from threatweaver_appsec.engine.answers import facts
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point

RESETS = re.compile(r"forgot|reset|recover|lost", re.IGNORECASE)
REPEATED = 3  # what differs between two names has to stay the same among as many
TIMED = 7  # of each kind
LATE = 1  # of each kind, by chance: that all others of one are slower is then 1 in 200, each time
LEAST_SECONDS = 0.04


def _asked(site: Site) -> Iterator[Operation]:
    """Yield what takes a name: logins, and the first step of a forgotten password."""
    yield from logins(site)
    for op in site.operations:
        names = [point for point in fields(op.request) if not PASSWORD.search(key_of(point))]
        if op.request.method == "POST" and RESETS.search(op.request.parts.path) and 0 < len(names) <= 2:
            yield op


async def _answer(site: Site, op: Operation, account: Account | None, nonce: Nonce) -> tuple[Exchange, str]:
    """Ask with a wrong password, of an account or of nobody; return the answer and the name."""
    name = account.username if account else nonce.word(10)
    email = account.email if account else f"{name}@example.com"
    return await site.send(filled(await fresh(site, op), name, f"Aa1-{nonce.word(10)}", email)), name


def _stated(exchange: Exchange, name: str) -> frozenset[str]:
    """Return what an answer states whatever the name: status, where it leads, what it says."""
    place = (exchange.response.header("Location") if exchange.response else None) or ""
    said = {fact.replace(name, "{name}") for fact in facts(exchange)}
    return frozenset({f"status {exchange.status}", f"to {place.replace(name, '{name}')}", *said})


async def _differs(site: Site, op: Operation, account: Account | None, nonce: Nonce) -> Proof | None:
    """Show that each answer about the account states what none about unknown names does."""
    seen, others = [], []
    for _ in range(REPEATED):  # in turn, so that a limit met on the way concerns both
        seen.append(await _answer(site, op, account, nonce))
        others.append(await _answer(site, op, None, nonce))
    if any(exchange.status in (0, 429) or exchange.status >= 500 for exchange, _ in (*seen, *others)):
        return None
    always = frozenset.intersection(*(_stated(*one) for one in seen))
    never = frozenset.intersection(*(_stated(*one) for one in others))
    ours = always - frozenset.union(*(_stated(*one) for one in others))
    theirs = never - frozenset.union(*(_stated(*one) for one in seen))
    if not ours or not theirs:
        return None
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} answers a name that exists with "
        f"“{_shortest(ours)}”, and one that does not with “{_shortest(theirs)}”.",
        excerpt=seen[0][0].text[:160] + "\n" + others[0][0].text[:160],
        exchanges=(seen[0][0], others[0][0]),
        point=_name_of(op),
    )


def _name_of(op: Operation) -> Point | None:
    """Return where the name goes."""
    names = (point for point in fields(op.request) if not PASSWORD.search(key_of(point)))
    return next((point for point in names if USER.search(key_of(point)) or EMAIL.search(key_of(point))), None)


def _shortest(stated: frozenset[str]) -> str:
    return min(stated, key=lambda fact: (len(fact), fact))[:120]


async def _slower(site: Site, op: Operation, account: Account | None, nonce: Nonce) -> Proof | None:
    """Show that answers about the account take longer than those about unknown names, or shorter."""
    seen, others = [], []
    for _ in range(TIMED):
        seen.append((await _answer(site, op, account, nonce))[0])
        others.append((await _answer(site, op, None, nonce))[0])
    if any(exchange.status in (0, 429) for exchange in (*seen, *others)):
        return None
    ours, theirs = (sorted(one.seconds for one in kind) for kind in (seen, others))
    gap = max(ours[0] - theirs[-1 - LATE], theirs[0] - ours[-1 - LATE])
    if gap < LEAST_SECONDS:
        return None
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} takes {ours[TIMED // 2]:.3f} s for a name that "
        f"exists and {theirs[TIMED // 2]:.3f} s for one that does not (in the middle of {TIMED} each).",
        exchanges=(seen[0], others[0]),
        point=_name_of(op),
        telltale=Telltale.TIME,
    )


Show = Callable[[Site, Operation, Account | None, Nonce], Awaitable[Proof | None]]


def _prober(about: About, show: Show, *, also_identities: bool) -> Prober:
    async def attempt(site: Site, op: Operation, account: Account | None, nonce: Nonce) -> Proof | None:
        if account and account.created:  # a new one each time: the last may be locked by now
            account = await register(site, nonce) or account
        return await show(site, op, account, nonce)

    async def probe(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
        operations = list(_asked(site))
        account = await register(site, nonce) if operations else None
        if account is None and also_identities:
            account = _known(site)
        for op in operations if account else ():
            shows = partial(attempt, site, op, account)
            if await shows(nonce):
                yield Suspicion(shows, partial(show, site, op, None), op)

    return Prober(about, probe)


def _known(site: Site) -> Account | None:
    """Return an identity as an account: few wrong passwords only, since it may be locked."""
    names = [person.username for person in site.identities.values() if person.username]
    return (
        Account(names[0], "", names[0] if "@" in names[0] else f"{names[0]}@example.com") if names else None
    )


AGENTS: tuple[Agent, ...] = (
    _prober(
        About(
            id="user-enumeration",
            title="Answers tell which users exist",
            cwe=204,
            owasp="A07:2021",
            severity=Severity.LOW,
            safety=Safety.INTRUSIVE,
            description="A login or forgotten-password form answers a name that exists otherwise than "
            "one that "
            "does not, so that a list of users can be found by trying.",
            remedy="Answer both alike: the same status, text and page.",
        ),
        _differs,
        also_identities=True,
    ),
    _prober(
        About(
            id="user-enumeration-timing",
            title="Answer times tell which users exist",
            cwe=208,
            owasp="A07:2021",
            severity=Severity.LOW,
            safety=Safety.INTRUSIVE,
            description="A login takes longer for a name that exists, usually because only then a "
            "password is "
            "hashed.",
            remedy="Hash the given password against a fixed hash where no user is found.",
        ),
        _slower,
        also_identities=False,
    ),
)
