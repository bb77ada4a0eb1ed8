"""Operations that open by a token, where a session carries it, and which keys are public."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from threatweaver_appsec.engine import jwt
from threatweaver_appsec.engine.agent import Nonce, Operation, Site
from threatweaver_appsec.engine.answers import bare, document_of, granted, objects, same, session_of, wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.references import reads

MOST_ASKED = 20  # operations, to find one that asks for the token
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

    async def genuine(self, site: Site) -> tuple[Exchange, jwt.Token] | None:
        """Ask with the identity's own token, which may be a new one by now."""
        answer = await site.send(bare(self.operation.request), identity=self.identity)
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


async def public_keys(site: Site) -> list[str]:
    """Return the keys that the target publishes, each as libraries may hold it."""
    found: list[str] = []
    places = [Request("GET", site.base + place) for place in KEY_PLACES]
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
