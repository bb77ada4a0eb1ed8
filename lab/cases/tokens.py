"""JSON Web Tokens whose checks are wrong, each in one way."""

import secrets
import time
from dataclasses import replace

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.jwt import Policy, encode, public_pem
from lab.login import is_password
from lab.pages import answer, document
from lab.world import USERS

_STRONG = Policy("HS256", secrets.token_bytes(32))
_SIGNED = Policy("RS256")
_ALICE = {"username": "alice", "password": USERS["alice"]}


async def _key(_request: web.Request) -> web.Response:
    return web.Response(body=public_pem(), content_type="application/x-pem-file")


def _issue(policy: Policy) -> Handler:
    async def issue(request: web.Request) -> web.Response:
        content = await document(request)
        username = str(content.get("username"))
        if not is_password(request, username, str(content.get("password"))):
            return answer({"error": "wrong name or password"}, 401)
        claims = {"sub": username, "jti": secrets.token_hex(8)}
        stale = encode({**claims, "exp": int(time.time()) - 3600}, policy.algorithm, policy.secret)
        return answer({"token": policy.issue(claims), "previous": stale})

    return issue


def _me(policy: Policy) -> Handler:
    async def me(request: web.Request) -> web.Response:
        claims = policy.claims(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if claims is None:
            return answer({"error": "invalid token", "trace": secrets.token_hex(8)}, 401)
        return answer({"user": claims.get("sub"), "trace": secrets.token_hex(8)})

    return me


def _case(name: str, title: str, cwe: int, path: str, twins: tuple[Policy, Policy]) -> Case:
    """Return a case: POST <path>/token answers a token, <path>/me believes it or not."""
    vulnerable, safe = twins
    issue = Route(
        method="POST", path=f"{path}/token", vulnerable=_issue(vulnerable), safe=_issue(safe), sample=_ALICE
    )
    key = Route(method="GET", path="/public.pem", vulnerable=_key)
    return Case(
        name=name,
        kind="weakjwt",
        cwe=cwe,
        owasp="API2:2023",
        title=title,
        method="GET",
        path=f"{path}/me",
        parameter=Parameter("Authorization", "header"),
        description=f"{title}. POST {path}/token with a name and a password answers a token.",
        vulnerable=_me(vulnerable),
        safe=_me(safe),
        needs="login",
        login=f"{path}/token",
        api=True,
        more=(issue, key) if vulnerable.algorithm == "RS256" else (issue,),
    )


CASES: tuple[Case, ...] = (
    _case("jwt-none", "Tokens without a signature are believed", 347, "/api/v1",
          (replace(_STRONG, accepts_none=True), _STRONG)),
    _case("jwt-confusion", "The public key is taken for a secret", 347, "/api/v2",
          (replace(_SIGNED, accepts_any=True), _SIGNED)),
    _case("jwt-weak-secret", "The secret is in every list of words", 326, "/api/v3",
          (Policy("HS256", b"secret"), _STRONG)),
    _case("jwt-expiry", "Tokens that ran out are believed", 613, "/api/v4",
          (replace(_STRONG, ignores_expiry=True), _STRONG)),
    _case("jwt-unverified", "Tokens are read, and not verified", 347, "/api/v7",
          (replace(_STRONG, ignores_signature=True), _STRONG)),
    _case("jwt-kid", "The secret is whatever file a token names", 347, "/api/v8",
          (replace(_STRONG, reads_kid=True), _STRONG)),
)  # fmt: skip
