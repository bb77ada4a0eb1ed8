"""Limits of logins and passwords: how often a wrong one may be tried, and how weak one may be."""

import re
from collections.abc import AsyncIterator
from functools import partial

from threatweaver_appsec.engine.accounts import (
    Account,
    fields,
    filled,
    fresh,
    is_open,
    logins,
    made,
    passwords,
    register,
    registrations,
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
from threatweaver_appsec.engine.answers import document_of, granted, leaves, redacted

TRIES = 20
RESETS = re.compile(r"forgot|reset|recover|lost", re.IGNORECASE)
SECRET = re.compile(r"token|otp|code|pass|link|url|key", re.IGNORECASE)
CAPTCHA = re.compile(r"captcha|turnstile", re.IGNORECASE)
COMMON = (
    ("admin", "admin"),
    ("admin", "password"),
    ("admin", "admin123"),
    ("admin", "123456"),
    ("administrator", "administrator"),
    ("root", "root"),
    ("root", "toor"),
    ("test", "test"),
    ("user", "user"),
    ("guest", "guest"),
)


async def _logins(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Try wrong passwords of an account of our own, then the right one."""
    for op in logins(site):
        account = await register(site, nonce)
        if account is None or not await sign_in(site, account):
            return
        yield Suspicion(partial(_unlimited, site, op), partial(_never_in, site, account), op)
        return


async def _unlimited(site: Site, op: Operation, nonce: Nonce) -> Proof | None:
    account = await register(site, nonce)
    if account is None:
        return None
    tries = []
    for _ in range(TRIES):
        request = filled(await fresh(site, op), account.username, nonce.word(12), account.email)
        tries.append(await site.send(request))
        if tries[-1].status in (0, 403, 423, 429) or CAPTCHA.search(tries[-1].text):
            return None
    if not await sign_in(site, account):
        return None
    return Proof(
        says=f"{op.request.method} {op.request.parts.path} takes {TRIES} wrong passwords of one account "
        "in a row, "
        "and then the right one at once.",
        excerpt=tries[-1].text[:200],
        exchanges=(tries[0], tries[-1]),
    )


async def _never_in(site: Site, account: Account, nonce: Nonce) -> Proof | None:
    """The same with a wrong password at the end: a login that lets everybody in shows nothing."""
    return Proof("lets anybody in") if await sign_in(site, account, nonce.word(12)) else None


async def _weak(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in registrations(site):
        if await _one_letter(site, op, nonce):
            yield Suspicion(partial(_one_letter, site, op), partial(_one_letter, site, op, right=False), op)
            return


async def _one_letter(site: Site, op: Operation, nonce: Nonce, *, right: bool = True) -> Proof | None:
    """Register with a password of one letter, and sign in with it; with another one for the control."""
    letter, other = "a", "b"
    for _ in range(3 if await is_open(site, op) else 0):
        name = nonce.word(10)
        email = f"{name}@example.com"
        created = await site.send(filled(await fresh(site, op), name, letter, email))
        if made(created):
            account = Account(name, letter, email, created)
            if not await sign_in(site, account, letter if right else other):
                return None
            return Proof(
                says=f"{op.request.method} {op.request.parts.path} takes a password of one letter.",
                excerpt=created.text[:200],
                exchanges=(created,),
                fresh=(name,),
            )
    return None


async def _defaults(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    del nonce
    for op in logins(site):
        for name, password in COMMON:
            if await _signs_in(site, name, password, None):
                yield Suspicion(
                    shows=partial(_signs_in, site, name, password),
                    control=partial(_signs_in, site, name, None),
                    operation=op,
                )
                break
        return


async def _signs_in(site: Site, name: str, password: str | None, nonce: Nonce | None) -> Proof | None:
    given = password or (nonce.word(12) if nonce else "")
    if not await sign_in(site, Account(name, given, f"{name}@example.com")):
        return None
    return Proof(says=f"{name} signs in with a password that is in every list of default ones.", key=name)


async def _resets(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Ask to reset the password of an account of our own, and look for what only its mailbox should get."""
    for op in site.operations:
        asks = fields(op.request) and not passwords(op.request) and RESETS.search(op.request.parts.path)
        if op.request.method == "POST" and asks and await _told(site, op, nonce):
            yield Suspicion(partial(_told, site, op), partial(_told, site, op, exists=False), op)


async def _told(site: Site, op: Operation, nonce: Nonce, *, exists: bool = True) -> Proof | None:
    account = await register(site, nonce)
    if account is None:
        return None
    name = account.username if exists else nonce.word(10)
    answer = await site.send(filled(await fresh(site, op), name, "", f"{name}@example.com"))
    for path, value in leaves(document_of(answer)) if granted(answer) else ():
        if (
            path
            and SECRET.search(path[-1])
            and re.fullmatch(r"\S{4,}", str(value))
            and not isinstance(value, bool)
        ):
            return Proof(
                says=f"{op.request.method} {op.request.parts.path} answers whoever asks with {path[-1]}, "
                "which "
                "resets the password and should only go to the user's mailbox.",
                excerpt=f"{path[-1]}: {redacted(str(value))}",
                exchanges=(answer,),
            )
    return None


def _about(ident: str, title: str, cwe: int, severity: Severity, description: str, remedy: str) -> About:
    asked_for = ident in ("login-rate-limit", "default-credentials")
    about = partial(About, owasp="API2:2023", safety=Safety.INTRUSIVE, opt_in=asked_for)
    return about(ident, title, cwe, severity, description, remedy)


AGENTS: tuple[Agent, ...] = (
    Prober(
        _about(
            "login-rate-limit",
            "Passwords can be tried without limit",
            307,
            Severity.MEDIUM,
            "The login neither slows down nor stops somebody who tries one password after another.",
            "Slow down after a few failures, by account and by address, and tell the user.",
        ),
        _logins,
    ),
    Prober(
        _about(
            "weak-password-policy",
            "Passwords of one letter are taken",
            521,
            Severity.INFO,
            "The registration takes a password of one letter.",
            "Ask for at least eight characters, and refuse those in lists of leaked passwords (NIST "
            "800-63B).",
        ),
        _weak,
    ),
    Prober(
        _about(
            "default-credentials",
            "Default credentials are accepted",
            1392,
            Severity.CRITICAL,
            "An account can be used with a name and password that are tried first by everybody.",
            "Set a password of its own at the installation, and refuse to start with the default one.",
        ),
        _defaults,
    ),
    Prober(
        _about(
            "reset-told",
            "Password reset tells its secret to anybody",
            640,
            Severity.CRITICAL,
            "The answer to a forgotten password has the token or code that sets a new one.",
            "Send the token to the user's mailbox only, and answer everybody alike.",
        ),
        _resets,
    ),
)
