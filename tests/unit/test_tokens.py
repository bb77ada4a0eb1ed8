"""Access tokens: signed by us with HS256, or refused with the right code."""

import base64
from datetime import UTC, datetime, timedelta

import jwt
import orjson
import pytest
from threatweaver.auth import tokens
from threatweaver.http.errors import TokenExpired, TokenInvalid
from threatweaver.ids import uuid7

KEY = b"k" * 32
NOW = datetime.now(UTC)
GOOD = {"userId": str(uuid7()), "tenantId": str(uuid7()), "sid": str(uuid7()), "role": "viewer"}


def token(claims=GOOD, *, key=KEY, now=NOW, lifetime=60):
    return tokens.issue(key, claims, now=now, lifetime=lifetime)


def forged(header, claims, signature=b""):
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()


def test_what_is_issued_is_verified():
    claims = tokens.verify(KEY, token())
    assert str(claims.user_id) == GOOD["userId"]
    assert claims.expires_at - NOW <= timedelta(seconds=60)


def test_an_expired_token_says_so():
    with pytest.raises(TokenExpired):
        tokens.verify(KEY, token(now=NOW - timedelta(minutes=5)))


def times(**changes):
    return {**GOOD, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60, **changes}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "a.b.c",
        "....",
        "\udcff.\udcfe.x",
        "é.é.é",
        forged({"alg": "none"}, times()),
        forged({"alg": "NONE", "typ": "JWT"}, times()),
        forged({"alg": "HS256"}, times(), b"\x00" * 32),
        token(key=b"x" * 32),
        token() + "x",
        token()[:-2],
        jwt.encode(times(), KEY * 2, algorithm="HS512"),
        jwt.encode(times(), KEY, algorithm="HS256", headers={"alg": "HS384"}),
        jwt.encode(times(userId="no uuid"), KEY, algorithm="HS256"),
        jwt.encode(times(sid=7), KEY, algorithm="HS256"),
        jwt.encode(times(tenantId=None), KEY, algorithm="HS256"),
        jwt.encode({k: v for k, v in times().items() if k != "exp"}, KEY, algorithm="HS256"),
        jwt.encode({k: v for k, v in times().items() if k != "sid"}, KEY, algorithm="HS256"),
        jwt.encode(times(padding="x" * 5000), KEY, algorithm="HS256"),
    ],
)
def test_everything_else_is_invalid(text):
    with pytest.raises(TokenInvalid):
        tokens.verify(KEY, text)


def test_the_last_byte_of_a_signature_counts():
    head, _, signature = token().rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "="))
    raw[-1] ^= 1
    with pytest.raises(TokenInvalid):
        tokens.verify(KEY, f"{head}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}")


def test_refresh_tokens_are_long_random_and_stored_as_a_digest():
    made = {tokens.new_refresh() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43
    assert len(tokens.digest("\udcff")) == 32
