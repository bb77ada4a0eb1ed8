"""Tokens that anybody can write: found where the target takes them, and not where it verifies them."""

import base64
import time

import jwt as library
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from threatweaver_appsec.engine import jwt
from threatweaver_appsec.engine.agents.tokens import AGENTS

STRONG = "kY3w-9sX_qPz7Lr2TtVb5NnMm8DdFfGg"
EXAMPLE = "a-string-secret-at-least-256-bits-long"  # of jwt.io
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
ALL = [agent.about.id for agent in AGENTS]


def checked(verify):
    """Serve /me, whose token is checked as `verify` does: it returns claims or raises."""

    async def me(request):
        try:
            claims = verify(request.headers["Authorization"].removeprefix("Bearer "))
        except (KeyError, ValueError, library.InvalidTokenError):
            return web.json_response({"error": "Please log in"}, status=401)
        return web.json_response({"username": claims["sub"], "email": "ann@example.com"})

    return me


def hs(secret):
    return lambda text: library.decode(text, secret, algorithms=["HS256"])


def unverified(text):
    return jwt.parse(text).claims if jwt.parse(text) else {}["none"]


def none_allowed(text):
    token = jwt.parse(text)
    if token and token.algorithm.lower() == "none":
        return token.claims
    return hs(STRONG)(text)


def confused(text):
    """The mistake of old libraries: one key, whatever the token's algorithm."""
    token = jwt.parse(text)
    if token and token.algorithm == "HS256":
        if jwt.sign("HS256", PEM.encode(), token.signed) != token.signature:
            raise ValueError
        return token.claims
    return library.decode(text, KEY.public_key(), algorithms=["RS256"])


def kid_is_path(text):
    token = jwt.parse(text)
    if token is None:
        raise ValueError
    secret = b"" if str(token.header.get("kid", "")).endswith("/dev/null") else STRONG.encode()
    if jwt.sign("HS256", secret, token.signed) != token.signature:
        raise ValueError
    return token.claims


async def key_set(request):
    numbers = KEY.public_key().public_numbers()
    n, e = (jwt.encode(x.to_bytes((x.bit_length() + 7) // 8, "big")) for x in (numbers.n, numbers.e))
    return web.json_response({"keys": [{"kty": "RSA", "kid": "1", "n": n, "e": e}]})


def issue(secret, algorithm="HS256", life=3600):
    return library.encode({"sub": "ann", "exp": int(time.time()) + life}, secret, algorithm=algorithm)


@pytest.mark.parametrize(
    ("verify", "token", "found"),
    [
        (hs(STRONG), issue(STRONG), []),
        (hs(EXAMPLE), issue(EXAMPLE), ["jwt-weak-secret"]),
        (unverified, issue(STRONG), ["jwt-unverified"]),
        (none_allowed, issue(STRONG), ["jwt-none"]),
        (confused, issue(KEY, "RS256"), ["jwt-confusion"]),
        (lambda text: library.decode(text, KEY.public_key(), algorithms=["RS256"]), issue(KEY, "RS256"), []),
        (kid_is_path, issue(STRONG), ["jwt-kid"]),
        (lambda text: {"sub": "ann"}, issue(EXAMPLE), []),  # who answers anything asks for no token
    ],
)
async def test_each_mistake_is_found_and_no_other(site_of, probe, person, verify, token, found):
    handlers = {"GET /me": checked(verify), "GET /.well-known/jwks.json": key_set}
    site = await site_of(handlers, person("first", "ann", (("Authorization", f"Bearer {token}"),)))
    await site.find("GET", "/me")
    assert [ident for ident in ALL if await probe(AGENTS, ident, site)] == found


@pytest.mark.parametrize("checks", [True, False])
async def test_a_token_that_has_expired(site_of, probe, person, checks):
    options = {"verify_exp": checks}
    verify = checked(lambda text: library.decode(text, STRONG, algorithms=["HS256"], options=options))
    who = person("first", "ann", (("Authorization", f"Bearer {issue(STRONG, life=-300)}"),))
    site = await site_of({"GET /me": verify}, who)
    await site.find("GET", "/me")
    who.headers = (("Authorization", f"Bearer {issue(STRONG)}"),)
    assert len(await probe(AGENTS, "jwt-expired", site)) == (0 if checks else 1)


def test_a_key_is_written_as_libraries_write_it():
    numbers = KEY.public_key().public_numbers()
    n, e = (
        base64.urlsafe_b64encode(x.to_bytes((x.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
        for x in (numbers.n, numbers.e)
    )
    assert jwt.pem_of_rsa(n, e) == PEM


def test_tokens_are_read_and_written():
    token = jwt.parse(library.encode({"a": 1}, STRONG * 2, algorithm="HS512"))
    assert token.claims == {"a": 1}
    assert jwt.secret_of(token, ("x", STRONG * 2)) == STRONG * 2
    assert library.decode(
        jwt.write(token.header, token.claims, STRONG.encode() * 2), STRONG * 2, algorithms=["HS512"]
    )
    for text in ("", "a.b.c", "eyJh.eyJi.x", "é.ü.ß", "..", "e30.e30."):
        assert jwt.parse(text) is None
