"""Session cookies that anybody can write: unsigned, or signed with a common word."""

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from urllib.parse import quote, unquote

from threatweaver_appsec.engine import words
from threatweaver_appsec.engine.accounts import (
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
from threatweaver_appsec.engine.answers import NOISE, around, facts, granted, wearing
from threatweaver_appsec.engine.jwt import decode
from threatweaver_appsec.engine.messages import Exchange, Headers
from threatweaver_appsec.engine.references import reads

MOST_ASKED = 15


@dataclass(frozen=True)
class Coding:
    """A way in which text stands in a cookie: reading raises ValueError where it is not that."""

    name: str
    read: Callable[[str], str]
    write: Callable[[str], str]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CODINGS = (
    Coding("base64", lambda text: base64.b64decode(text, validate=True).decode(), _base64),
    Coding(
        "base64url",
        lambda text: decode(text).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode(),
    ),
    Coding("hexadecimal", lambda text: bytes.fromhex(text).decode(), lambda text: text.encode().hex()),
    Coding("percent-encoded", unquote, lambda text: quote(text, safe="")),
)


def cookie_pairs(session: Headers) -> list[tuple[str, str]]:
    """Return name and value of each cookie of a session."""
    text = next((value for name, value in session if name.lower() == "cookie"), "")
    return [
        (name.strip(), value) for name, _, value in (part.partition("=") for part in text.split(";")) if value
    ]


def forged(session: Headers, own: str, other: str) -> Iterator[tuple[Headers, str]]:
    """Yield the session with another's name where a cookie has its owner's, and how it is coded."""
    pairs = cookie_pairs(session)
    for at, (name, value) in enumerate(pairs):
        for coding in CODINGS:
            try:
                text = coding.read(unquote(value).strip('"'))
            except ValueError:
                continue
            if not re.search(rf"(?<![A-Za-z0-9]){re.escape(own)}(?![A-Za-z0-9])", text):
                continue
            changed = [*pairs[:at], (name, coding.write(text.replace(own, other))), *pairs[at + 1 :]]
            yield (
                (("Cookie", "; ".join(f"{key}={text}" for key, text in changed)),),
                f"{name} ({coding.name})",
            )
            break


async def _forgery(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Put another identity's name into the session of one."""
    for one, other in permutations(list(site.identities)[:3], 2):
        own, whose = site.identities[one].username, site.identities[other].username
        if not own or not whose or not any(forged(await session_as(site, one), own, whose)):
            continue
        for op in readers(site):
            if await _becomes(site, op, one, other, nonce):
                yield Suspicion(
                    shows=partial(_becomes, site, op, one, other),
                    control=partial(_becomes, site, op, one, other, unknown=True),
                    operation=op,
                )
                return


async def _becomes(
    site: Site, op: Operation, one: str, other: str, nonce: Nonce, *, unknown: bool = False
) -> Proof | None:
    own, whose = site.identities[one].username or "", site.identities[other].username or ""
    session = await session_as(site, one)
    mine, theirs = await site.send(op.request, identity=one), await site.send(op.request, identity=other)
    only_theirs, only_mine = _stated(theirs) - _stated(mine), _stated(mine) - _stated(theirs)
    if not granted(theirs) or not only_theirs:
        return None
    for written, where in forged(session, own, nonce.word(8) if unknown else whose):
        answer = await site.send(wearing(op.request, written))
        if granted(answer) and only_theirs <= _stated(answer) and not only_mine & _stated(answer):
            shown = min(only_theirs)
            return Proof(
                says=f"The cookie {where} says who its user is, and is not signed: with {other}'s name in "
                f"{one}'s cookie, {op.request.parts.path} answers as it answers {other}.",
                excerpt=around(answer.text, shown.rpartition("=")[2]),
                exchanges=(mine, answer),
                forged=tuple(value for _, value in cookie_pairs(written)),
            )
    return None


def _stated(exchange: Exchange) -> frozenset[str]:
    """Return what an answer states, but for what differs in any two."""
    return frozenset(NOISE.sub("~", fact) for fact in facts(exchange))


def readers(site: Site) -> list[Operation]:
    """Return the operations that are asked to tell one user from another."""
    return [op for op in site.operations if reads(op)][:MOST_ASKED]


async def _signed(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Try common words as the secret of signed cookies; whether one fits is seen without asking."""
    for name in site.identities:
        if await _common_secret(site, name, nonce):
            yield Suspicion(
                partial(_common_secret, site, name), partial(_common_secret, site, name, altered="x")
            )
            return


async def _common_secret(site: Site, name: str, _: Nonce, *, altered: str = "") -> Proof | None:
    reads = readers(site)
    if not reads:
        return None
    seen = [await site.send(reads[0].request, identity=name)]
    for cookie, value in cookie_pairs(await session_as(site, name)):
        if found := secret_of(unquote(value) + altered):
            return Proof(
                says=f"The cookie {cookie} is signed with a secret of the list of common ones "
                f"({found[:2]}…, {len(found)} characters): any session can be written.",
                excerpt=f"{cookie}={value[:12]}…",
                exchanges=tuple(seen),
                key=cookie,
            )
    return None


def secret_of(value: str) -> str | None:
    """Return by which common secret a cookie of Flask's or Express's is signed."""
    if value.startswith("s:") and "." in value:
        text, _, signature = value[2:].rpartition(".")
        return next((word for word in words.read("secrets") if _express(text, word) == signature), None)
    parts = value.rpartition(".")
    if value.count(".") >= 2 and len(parts[2]) == 27:
        return next((word for word in words.read("secrets") if _flask(parts[0], word) == parts[2]), None)
    return None


def _express(text: str, word: str) -> str:
    digest = hmac.new(word.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).rstrip(b"=").decode()


def _flask(text: str, word: str) -> str:
    key = hmac.new(word.encode(), b"cookie-session", hashlib.sha1).digest()
    digest = hmac.new(key, text.encode(), hashlib.sha1).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


_about = partial(About, owasp="A07:2021", safety=Safety.SAFE)


AGENTS: tuple[Agent, ...] = (
    Prober(
        _about(
            "session-forgery",
            "Session can be written by its user",
            565,
            Severity.CRITICAL,
            "The session's cookie says who the user is, without a signature: any user becomes any other.",
            "Keep sessions on the server under random ids, or sign the cookie with a key of its own.",
        ),
        _forgery,
        needs=frozenset({"two_identities"}),
    ),
    Prober(
        _about(
            "session-weak-secret",
            "Sessions are signed with a common word",
            1391,
            Severity.CRITICAL,
            "The secret that session cookies are signed with is in lists of common ones: whoever has one "
            "cookie "
            "finds it offline, and writes any session.",
            "Sign with at least 32 random bytes from a secret store, and replace the secret that was found.",
        ),
        _signed,
        needs=frozenset({"login"}),
    ),
)
