"""Operations that open by a token, where a session carries it, and which keys are public."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from threatweaver_appsec.engine import jwt
from threatweaver_appsec.engine.accounts import fields, filled, logins, token_in
from threatweaver_appsec.engine.agent import Nonce, Operation, Site
from threatweaver_appsec.engine.answers import bare, document_of, granted, objects, same, session_of, wearing
from threatweaver_appsec.engine.credentials import somebody
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import Where
from threatweaver_appsec.engine.references import reads

MOST_ASKED = 20  # operations, to find one that asks for the token
MOST_LOGINS = 6
MOST_NEAR = 5  # operations that are asked with the token of a login
KEYS_BESIDE = ("/jwks.json", "/jwks", "/key.pem", "/public.pem", "/public-key", "/.well-known/jwks.json")
KEY_PLACES = (
    "/.well-known/jwks.json",
    "/jwks.json",
    "/.well-known/openid-configuration",
    "/jwks",
    "/public.pem",
    "/publickey",
    "/public-key",
    "/api/public-key",
)
PEM = re.compile(r"-----BEGIN (?:RSA )?PUBLIC KEY-----[\s\w+/=\\]+-----END (?:RSA )?PUBLIC KEY-----")


@dataclass(frozen=True)
class Door:
    """An operation that answers an identity by its token, and not without a good one."""

    operation: Operation
    identity: str
    session: Headers = ()
    """Where the identity's own session is none of a token: what a login of the target's answered it."""
    others: tuple[jwt.Token, ...] = ()
    """Further tokens of that answer."""
    entry: Exchange | None = None
    """That answer."""

    async def genuine(self, site: Site) -> tuple[Exchange, jwt.Token] | None:
        """Ask with the identity's own token, which may be a new one by now."""
        request = bare(self.operation.request)
        if self.session:
            answer = await site.send(wearing(request, self.session))
        else:
            answer = await site.send(request, identity=self.identity)
        token = token_of(session_of(answer))
        return (answer, token) if token and granted(answer) else None

    async def opens(self, site: Site, answer: Exchange, token: jwt.Token, text: str) -> Exchange | None:
        """Ask with another token; return the answer where it is what the genuine one was answered."""
        session = replaced(session_of(answer), token.text, text)
        other = await site.send(wearing(self.operation.request, session))
        return other if granted(other) and same(answer, other) else None


def token_of(session: Headers) -> jwt.Token | None:
    """Return the token that a session's headers carry."""
    for _, value in session:
        for text in jwt.PATTERN.findall(value):
            if token := jwt.parse(text):
                return token
    return None


def replaced(session: Headers, old: str, new: str) -> Headers:
    """Return the session's headers with another token."""
    return tuple((name, value.replace(old, new)) for name, value in session)


async def doors(site: Site, nonce: Nonce) -> AsyncIterator[Door]:
    """Yield one operation for each kind of token: it has to refuse what is no token."""
    for name in site.identities:
        asked = [op for op in site.operations if reads(op)]
        for op in sorted(asked, key=lambda op: not op.needs_login)[:MOST_ASKED]:
            door = Door(op, name)
            known = await door.genuine(site)
            if known and not await door.opens(site, *known, nonce.word(40)):
                yield door
                return
    if site.identities:
        async for door in by_logins(site, nonce):
            yield door


async def by_logins(site: Site, nonce: Nonce) -> AsyncIterator[Door]:
    """Yield what opens by the tokens that logins of APIs answer, beside the session of the scan."""
    account = None
    for login in islice((op for op in logins(site) if _answers_json(op)), MOST_LOGINS):
        account = account or await somebody(site, nonce)
        if account is None:
            return
        request = filled(login.request, account.username, account.password, account.email)
        answer = await site.send(request)
        text = token_in(answer)
        if text is None or jwt.parse(text) is None:
            continue
        session = (("Authorization", f"Bearer {text}"),)
        parsed = (jwt.parse(other) for other in jwt.PATTERN.findall(answer.text) if other != text)
        others = tuple(token for token in parsed if token)
        for op in _near(site, login)[:MOST_NEAR]:
            door = Door(op, account.username, session, others, answer)
            known = await door.genuine(site)
            if known and not await door.opens(site, *known, nonce.word(40)):
                yield door
                break


def _answers_json(op: Operation) -> bool:
    return any(point.where is Where.JSON for point in fields(op.request)) or bool(document_of(op.baseline))


def _near(site: Site, login: Operation) -> list[Operation]:
    """Return what reads, the closest to a login first: what is beside it opens by its token."""
    own = login.request.parts.path.split("/")

    def shared(op: Operation) -> int:
        segments = zip(own, op.request.parts.path.split("/"), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], segments))

    asked = [op for op in site.operations if reads(op)]
    return sorted(asked, key=lambda op: (-shared(op), not op.needs_login))


async def public_keys(site: Site, door: Door) -> list[str]:
    """Return the keys that the target publishes, each as libraries may hold it; those beside a door, too."""
    found: list[str] = []
    parent = door.operation.request.parts.path.rpartition("/")[0]
    places = [Request("GET", site.base + place) for place in KEY_PLACES]
    if parent:
        places += [Request("GET", door.operation.request.origin + parent + place) for place in KEYS_BESIDE]
    places += [
        op.request for op in site.operations if re.search("jwk|public.?key|certs", op.request.parts.path)
    ]
    for request in places:
        answer = await site.send(bare(request))
        uri = (document_of(answer) or {}).get("jwks_uri") if isinstance(document_of(answer), dict) else None
        for text in (answer, await site.send(Request("GET", uri)) if isinstance(uri, str) else None):
            found += _keys_in(text) if text else []
    return list(dict.fromkeys(found))


def _keys_in(answer: Exchange) -> Iterator[str]:
    for match in PEM.findall(answer.text):
        text = match.replace("\\n", "\n")
        yield from (f"{text.strip()}\n", text.strip())
    for key in objects(document_of(answer)):
        if isinstance(key.get("n"), str) and isinstance(key.get("e"), str):
            try:
                pem = jwt.pem_of_rsa(key["n"], key["e"])
            except ValueError:
                continue
            yield from (pem, pem.strip(), json.dumps(key))
