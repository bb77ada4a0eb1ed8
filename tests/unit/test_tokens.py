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
LIFETIME = 3600  # longer than any run of the whole suite, which has collected this module at its start
GOOD = {"userId": str(uuid7()), "tenantId": str(uuid7()), "sid": str(uuid7()), "role": "viewer"}


def token(claims=GOOD, *, key=KEY, now=NOW, lifetime=LIFETIME):
    return tokens.issue(key, claims, now=now, lifetime=lifetime)


def forged(header, claims, signature=b""):
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()


def test_what_is_issued_is_verified():
    claims = tokens.verify(KEY, token())
    assert str(claims.user_id) == GOOD["userId"]
    assert claims.expires_at - NOW <= timedelta(seconds=LIFETIME)


def test_an_expired_token_says_so():
    with pytest.raises(TokenExpired):
        tokens.verify(KEY, token(now=NOW - timedelta(hours=2)))


def times(**changes):
    return {**GOOD, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + LIFETIME, **changes}


def signed(**changes):
    return jwt.encode(times(**changes), KEY, algorithm="HS256")


def without(name):
    return jwt.encode({k: v for k, v in times().items() if k != name}, KEY, algorithm="HS256")


BAD = {
    "empty": "",
    "word": "garbage",
    "three words": "a.b.c",
    "dots": "....",
    "no UTF-8": "\udcff.\udcfe.x",
    "no ASCII": "é.é.é",
    "alg none": forged({"alg": "none"}, times()),
    "alg NONE": forged({"alg": "NONE", "typ": "JWT"}, times()),
    "zero signature": forged({"alg": "HS256"}, times(), b"\x00" * 32),
    "another key": token(key=b"x" * 32),
    "longer": token() + "x",
    "shorter": token()[:-2],
    "HS512": jwt.encode(times(), KEY * 2, algorithm="HS512"),
    "user id no UUID": signed(userId="no uuid"),
    "session id no text": signed(sid=7),
    "no tenant": signed(tenantId=None),
    "without exp": without("exp"),
    "without sid": without("sid"),
    "oversized": signed(padding="x" * 5000),
}


@pytest.mark.parametrize("name", BAD)
def test_everything_else_is_invalid(name):
    with pytest.raises(TokenInvalid):
        tokens.verify(KEY, BAD[name])


def test_the_last_byte_of_a_signature_counts():
    head, _, signature = token().rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "="))
    raw[-1] ^= 1
    with pytest.raises(TokenInvalid):
        tokens.verify(KEY, f"{head}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}")


def test_refresh_tokens_are_long_random_and_stored_as_a_digest():
    made = {tokens.new_refresh(KEY, uuid7()) for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43
    assert len(tokens.digest("\udcff")) == 32
