"""Functions that are not for everybody: administration, answered to an ordinary user or to nobody."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

from threatweaver_appsec.engine.accounts import PASSWORD, register, session_as, sign_in
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
from threatweaver_appsec.engine.answers import (
    ACCOUNT_KEY,
    ACCOUNT_PLACE,
    PRIVATE_KEY,
    bare,
    document_of,
    facts,
    granted,
    objects,
    same,
    wearing,
)
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.references import MAINTENANCE, reads

ADMINISTRATION = re.compile(
    r"/(admin\w*|manage(ment|r)?|back-?office|superuser|staff|moderat\w+|internal|console|control-?panel)(/|$)",
    re.IGNORECASE,
)
PRIVILEGED = re.compile(r"admin|root|super|manager|staff|operator", re.IGNORECASE)
LEAST_FACTS = 3  # a page that says less is no function


def beside(request: Request, nonce: Nonce) -> Request:
    """Return a request to a place beside this one, where nothing should be."""
    parent = request.parts.path.rstrip("/").rpartition("/")[0]
    return replace(request, url=f"{request.origin}{parent}/{nonce.word(12)}")


async def _open(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for pages of administration that need no login."""
    for op in site.operations:
        if reads(op) and ADMINISTRATION.search(op.request.parts.path) and await _opens(site, op, (), nonce):
            yield Suspicion(
                shows=partial(_opens, site, op, ()),
                control=partial(_opens, site, replace(op, request=beside(op.request, nonce)), ()),
                operation=op,
            )


async def _opens(site: Site, op: Operation, session: Headers, nonce: Nonce) -> Proof | None:
    """Show that somebody with this session is given what stands at no other place."""
    answer = await site.send(wearing(op.request, session))
    if not granted(answer) or _furnishes(answer) or len(facts(answer)) < LEAST_FACTS:
        return None
    nothing = await site.send(wearing(beside(op.request, nonce), session))
    home = await site.send(wearing(Request("GET", f"{site.base}/"), session))
    if granted(nothing) or (same(home, answer) and home.request.url != answer.request.url):
        return None
    asker = "an ordinary user" if session else "nobody in particular"
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} is answered to {asker}.",
        excerpt=answer.text[:320],
        exchanges=(answer, nothing),
    )


def _furnishes(answer: Exchange) -> bool:
    """Return whether an answer is a part of a page, as its style or its script: those are for everybody."""
    kind = answer.response.media_type if answer.response else ""
    return kind.startswith(("image/", "font/", "text/css")) or "javascript" in kind


async def _maintained(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for maintenance that anybody can start."""
    for op in site.operations:
        request = op.request
        if request.method == "GET" and MAINTENANCE.search(request.parts.path):
            if granted(await site.send(bare(beside(request, nonce)))):
                continue
            yield Suspicion(
                shows=partial(_runs, site, op),
                control=partial(_runs, site, replace(op, request=beside(request, nonce))),
                operation=op,
            )


async def _runs(site: Site, op: Operation, _: Nonce) -> Proof | None:
    answer = await site.send(bare(op.request))
    if not granted(answer):
        return None
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} is done for anybody, without a login.",
        excerpt=answer.text[:320],
        exchanges=(answer,),
    )


async def _lesser(site: Site, nonce: Nonce) -> Headers | None:
    """Return the session of somebody who has no privileges: an account just made, or the lesser identity."""
    account = await register(site, nonce)
    if account and (session := await sign_in(site, account)):
        return session
    names = {name: f"{name} {person.username or ''}" for name, person in site.identities.items()}
    ordinary = [name for name, text in names.items() if not PRIVILEGED.search(text)]
    return await session_as(site, ordinary[0]) if ordinary and len(ordinary) < len(names) else None


async def _function_access(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for administration that an ordinary user is given."""
    readers = [op for op in site.operations if reads(op)]
    session = await _lesser(site, nonce) if readers else None
    if session is None:
        return
    for op in readers:
        path = op.request.parts.path
        if not ADMINISTRATION.search(path) and not ACCOUNT_PLACE.search(path):
            continue
        show = _given if ADMINISTRATION.search(path) else _given_accounts
        if await show(site, op, session, nonce):
            yield Suspicion(
                shows=partial(show, site, op, session),
                control=partial(show, site, replace(op, request=beside(op.request, nonce)), session),
                operation=op,
            )


async def _given(site: Site, op: Operation, session: Headers, nonce: Nonce) -> Proof | None:
    if granted(await site.send(bare(op.request))):
        return None  # open to nobody: another agent's finding, or public
    return await _opens(site, op, session, nonce)


async def _excess(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for private fields of many users: in feeds for ordinary users, and in what nobody is refused."""
    readers = [op for op in site.operations if reads(op)]
    session = await _lesser(site, nonce) if readers else None
    for op in readers:
        feed = not ACCOUNT_PLACE.search(op.request.parts.path)
        for eyes in ((), session) if session and feed else ((),):
            if await _given_accounts(site, op, eyes, nonce):
                nowhere = replace(op, request=beside(op.request, nonce))
                yield Suspicion(
                    shows=partial(_given_accounts, site, op, eyes),
                    control=partial(_given_accounts, site, nowhere, eyes),
                    operation=op,
                )
                break


async def _given_accounts(site: Site, op: Operation, session: Headers, _: Nonce) -> Proof | None:
    """Show that several accounts are given with what is private; as somebody, only what nobody is not."""
    answer = await site.send(wearing(op.request, session))
    accounts = accounts_in(document_of(answer)) if granted(answer) else {}
    if len(accounts) < 2 or (session and granted(await site.send(bare(op.request)))):
        return None
    reader = "an ordinary user" if session else "anybody"
    private = sorted({key for found in accounts.values() for key in found if PRIVATE_KEY.search(key)})
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} gives {reader} {len(accounts)} users "
        f"with {', '.join(private[:5])}.",
        excerpt=", ".join(sorted(next(iter(accounts.values())))),
        exchanges=(answer,),
    )


def accounts_in(document: Any) -> dict[str, dict[str, Any]]:
    """Return the objects that are accounts with something private, by their name."""
    return {
        str(found[key]): found
        for found in objects(document)
        for key in found
        if ACCOUNT_KEY.match(key)
        and isinstance(found[key], str)
        and any(
            PRIVATE_KEY.search(other) and not PASSWORD.search(other) and value not in (None, "")
            for other, value in found.items()
        )
    }


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="open-administration",
            title="Administration needs no login",
            cwe=306,
            owasp="API5:2023",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="A page or operation of administration is answered to anybody.",
            remedy="Ask for an administrator's session at every operation of administration.",
        ),
        _open,
    ),
    Prober(
        About(
            id="open-maintenance",
            title="Anybody can start maintenance",
            cwe=306,
            owasp="API5:2023",
            severity=Severity.HIGH,
            safety=Safety.INTRUSIVE,  # GET only: what every crawler would set off
            description="An operation that resets, fills or exports the data is done for anybody.",
            remedy="Remove the operation from what is deployed, or ask for an administrator's session.",
            confirmation=Confirmation(1, 2),  # what resets a database may fail while it is in use
        ),
        _maintained,
    ),
    Prober(
        About(
            id="bfla",
            title="Ordinary users are given administration",
            cwe=285,
            owasp="API5:2023",
            severity=Severity.HIGH,
            safety=Safety.INTRUSIVE,
            description="An operation asks for a login, and not whether the user may do what it does.",
            remedy="Check the role at each operation, denied unless it is allowed.",
        ),
        _function_access,
    ),
    Prober(
        About(
            id="excessive-data",
            title="Private fields of many users are given",
            cwe=213,
            owasp="API3:2023",
            severity=Severity.MEDIUM,
            safety=Safety.INTRUSIVE,
            description="A list has fields of its users that its readers need not know: addresses, phones, "
            "positions, devices.",
            remedy="Answer the fields that the reader needs by name, and leave filtering to no client.",
        ),
        _excess,
    ),
)
