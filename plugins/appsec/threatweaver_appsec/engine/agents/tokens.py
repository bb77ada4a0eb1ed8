"""JSON Web Tokens: whether the target accepts one that anybody can write."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial

from threatweaver_appsec.engine import jwt, words
from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import session_of
from threatweaver_appsec.engine.doors import Door, by_logins, doors, public_keys, token_of
from threatweaver_appsec.engine.messages import Exchange

NONES = ("none", "None", "NONE", "nOnE")
Forged = tuple[str, str] | None
"""A token's text, and in words what it is."""
Forge = Callable[[jwt.Token, Nonce], Forged]


async def _opened(site: Site, door: Door, forge: Forge, nonce: Nonce) -> Proof | None:
    known = await door.genuine(site)
    forged = forge(known[1], nonce) if known else None
    if not known or not forged:
        return None
    other = await door.opens(site, *known, forged[0])
    if other is None:
        return None
    request = door.operation.request
    return Proof(
        says=f"{request.method} {request.parts.path} answers a token {forged[1]} "
        f"as it answers {door.identity}'s own ({known[1].algorithm}).",
        excerpt=other.text[:320],
        exchanges=(*((door.entry,) if door.entry else ()), known[0], other),
        forged=(forged[0],),
    )


def _prober(about: About, forgeries: tuple[Forge, ...], control: Forge) -> Prober:
    async def probe(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
        async for door in doors(site, nonce):
            for forge in forgeries:
                if await _opened(site, door, forge, nonce):
                    yield Suspicion(
                        shows=partial(_opened, site, door, forge),
                        control=partial(_opened, site, door, control),
                        operation=door.operation,
                    )
                    break

    return Prober(about, probe, needs=frozenset({"login"}))


def _unsigned(name: str) -> Forge:
    def forge(token: jwt.Token, nonce: Nonce) -> Forged:
        del nonce
        return jwt.write({**token.header, "alg": name}, token.claims, None), f"without signature (alg {name})"

    return forge


def _wrong_signature(token: jwt.Token, nonce: Nonce) -> Forged:
    signed = token.signed.decode()
    size = max(len(token.signature), 32)
    noise = jwt.encode((nonce.word(size)).encode())
    return f"{signed}.{noise}", "with a signature of random bytes"


def _no_token(token: jwt.Token, nonce: Nonce) -> Forged:
    return nonce.word(len(token.text)), "that is none"


def _known_secret(token: jwt.Token, nonce: Nonce) -> Forged:
    secret = jwt.secret_of(token, words.read("secrets"))
    if secret is None:
        return None
    text = jwt.write(token.header, {**token.claims, "nonce": nonce.word()}, secret.encode())
    return (
        text,
        f"signed by us, with a secret of the list of common ones ({secret[:2]}…, {len(secret)} characters)",
    )


def _other_secret(token: jwt.Token, nonce: Nonce) -> Forged:
    if token.algorithm not in jwt.DIGESTS:
        return None
    return jwt.write(token.header, {**token.claims, "nonce": nonce.word()}, nonce.word(24).encode()), "signed"


def _kid(value: str, secret: str) -> Forge:
    def forge(token: jwt.Token, nonce: Nonce) -> Forged:
        del nonce
        header = {**token.header, "alg": "HS256", "kid": value}
        return jwt.write(
            header, token.claims, secret.encode()
        ), f"whose kid is {value}, signed with what that names"

    return forge


def _kid_unknown(token: jwt.Token, nonce: Nonce) -> Forged:
    header = {**token.header, "alg": "HS256", "kid": f"../../../../{nonce.word()}"}
    return jwt.write(header, token.claims, nonce.word(16).encode()), "of an unknown kid"


def _signed_with(key: str) -> Forge:
    def forge(token: jwt.Token, nonce: Nonce) -> Forged:
        header = {**token.header, "alg": "HS256"}
        claims = {**token.claims, "nonce": nonce.word()}
        return jwt.write(
            header, claims, key.encode()
        ), "signed with the public key as a shared secret (HS256)"

    return forge


def _signed_with_noise(token: jwt.Token, nonce: Nonce) -> Forged:
    return jwt.write(
        {**token.header, "alg": "HS256"}, token.claims, nonce.word(32).encode()
    ), "signed with noise"


async def _confusion(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    async for door in doors(site, nonce):
        known = await door.genuine(site)
        if known is None or known[1].algorithm[:2] not in ("RS", "PS", "ES"):
            continue
        for key in await public_keys(site, door):
            if await _opened(site, door, _signed_with(key), nonce):
                yield Suspicion(
                    shows=partial(_opened, site, door, _signed_with(key)),
                    control=partial(_opened, site, door, _signed_with_noise),
                    operation=door.operation,
                )
                return


async def _expired(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Ask with tokens from before a session was renewed, or that a login answers beside new ones."""
    async for door in _with_old_tokens(site, nonce):
        old = _old_token(site, await door.genuine(site), door)
        if old and await _opened(site, door, _kept(old), nonce):
            yield Suspicion(
                shows=partial(_opened, site, door, _kept(old)),
                control=partial(_opened, site, door, _wrong_signature),
                operation=door.operation,
            )


async def _with_old_tokens(site: Site, nonce: Nonce) -> AsyncIterator[Door]:
    """Yield the doors; behind those of a session that was never renewed, what logins of the API open."""
    answered = False
    async for door in doors(site, nonce):
        answered = answered or door.entry is not None
        yield door
    if not answered and site.identities:
        async for door in by_logins(site, nonce):
            yield door


def _kept(old: jwt.Token) -> Forge:
    def forge(token: jwt.Token, nonce: Nonce) -> Forged:
        del token, nonce
        return old.text, "that has expired"

    return forge


def _old_token(site: Site, known: tuple[Exchange, jwt.Token] | None, door: Door) -> jwt.Token | None:
    date = known[0].response.header("Date") if known and known[0].response else None
    if not date:
        return None
    try:
        now = parsedate_to_datetime(date).astimezone(UTC).timestamp()
    except ValueError:
        return None
    kept = (
        token_of(session_of(op.baseline)) for op in site.operations if op.baseline.identity == door.identity
    )
    for token in (*door.others, *kept):
        if token and isinstance(token.claims.get("exp"), int | float) and token.claims["exp"] + 60 < now:
            return token
    return None


_about = partial(About, owasp="API2:2023", safety=Safety.SAFE)


AGENTS: tuple[Agent, ...] = (
    _prober(
        _about(
            "jwt-unverified",
            "Signature of tokens is not verified",
            347,
            Severity.CRITICAL,
            "The target reads a JSON Web Token without verifying its signature: anybody can write one for "
            "any user.",
            "Verify each token with a fixed key and a fixed list of algorithms; never only decode it.",
        ),
        (_wrong_signature,),
        _no_token,
    ),
    _prober(
        _about(
            "jwt-none",
            "Tokens without a signature are accepted",
            347,
            Severity.CRITICAL,
            "The target lets a token say that it needs no signature (alg none).",
            "Give the verifying function the list of algorithms that you sign with, without none.",
        ),
        tuple(_unsigned(name) for name in NONES),
        _wrong_signature,
    ),
    _prober(
        _about(
            "jwt-weak-secret",
            "Tokens are signed with a common word",
            345,
            Severity.CRITICAL,
            "The secret that tokens are signed with is in lists of common ones: whoever has one token finds "
            "it offline, and writes tokens for any user.",
            "Sign with at least 32 random bytes from a secret store, and replace the secret that was found.",
        ),
        (_known_secret,),
        _other_secret,
    ),
    Prober(
        _about(
            "jwt-confusion",
            "Public key is accepted as a shared secret",
            347,
            Severity.CRITICAL,
            "A token that is signed by HMAC with the public key's text is accepted where one signed with the "
            "private key is expected.",
            "Tie each key to its algorithm, and pass only asymmetric ones to the verifying function.",
        ),
        _confusion,
        needs=frozenset({"login"}),
    ),
    _prober(
        _about(
            "jwt-kid",
            "Key of a token can be chosen by its kid",
            347,
            Severity.CRITICAL,
            "The kid of a token is used as a path or in a query, so that its writer decides by which key it "
            "is verified.",
            "Look the kid up in a fixed table of keys, and refuse what is not in it.",
        ),
        (
            _kid("../../../../../../../../dev/null", ""),
            _kid("/dev/null", ""),
            _kid("x' UNION SELECT 'tw-key' -- ", "tw-key"),
        ),
        _kid_unknown,
    ),
    Prober(
        _about(
            "jwt-expired",
            "Expired tokens are accepted",
            613,
            Severity.MEDIUM,
            "A token is still answered after the time that it says it ends at.",
            "Verify exp (and nbf) of each token, with a leeway of seconds.",
        ),
        _expired,
        needs=frozenset({"login"}),
    ),
)
