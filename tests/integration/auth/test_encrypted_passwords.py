"""Passwords as compact JWE: today's key and yesterday's, one algorithm, fresh, once."""

import asyncio
import time

import orjson
import pytest
import pytest_asyncio
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, RSAKey

from threatweaver.auth import queries, service
from threatweaver.auth.encryption import service as encryption
from threatweaver.auth.encryption.models import EncryptionKey
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery"
HEADER = {"alg": "RSA-OAEP-256", "enc": "A256GCM"}


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant):
    return await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="viewer",
        tenant_id=tenant.id,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def key(client):
    async with client.get("/api/auth/public-key") as answer:
        assert answer.status == 200
        return await answer.json()


def sealed(key, *, header=None, **changes):
    content = {"password": PASSWORD, "iat": int(time.time()), "nonce": uuid7().hex, **changes}
    public = RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")})
    header = {**HEADER, "kid": key["kid"], **(header or {})}
    return jwe.encrypt_compact(header, orjson.dumps(content), public, algorithms=[*header.values(), "DEF"])


async def sign_in(client, person, password):
    client.session.cookie_jar.clear()
    given = {"email": person.email, "password": password}
    async with client.post("/api/auth/login", json=given) as answer:
        client.session.cookie_jar.clear()
        return answer.status, (await answer.json()).get("code")


UNREADABLE = (400, "PASSWORD_UNREADABLE")


async def test_the_key_of_the_day(client, key):
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "enc", "RSA-OAEP-256")
    assert RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")}).raw_value.key_size >= 2048
    assert not {"d", "p", "q"} & set(key)
    async with client.get("/api/auth/public-key") as answer:
        assert await answer.json() == key


async def test_an_encrypted_password_signs_in_once(client, person, key):
    text = sealed(key)
    assert (await sign_in(client, person, text))[0] == 200
    assert await sign_in(client, person, text) == UNREADABLE


async def test_yesterdays_key_is_honored_and_the_one_before_is_not(client, kernel, person, key):
    older = sealed(key), sealed(key)
    await age(kernel, key, "interval '30 hours'")
    async with client.get("/api/auth/public-key") as answer:
        fresh = await answer.json()
    assert fresh["kid"] != key["kid"]
    assert (await sign_in(client, person, older[0]))[0] == 200
    await age(kernel, key, "interval '30 hours'")
    assert await sign_in(client, person, older[1]) == UNREADABLE
    async with kernel.database.control():
        await queries.forget_old()
        assert not await EncryptionKey.exists(kid=key["kid"])


async def age(kernel, key, by):
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            f"UPDATE encryption_key SET expires_at = expires_at - {by} WHERE kid = $1", key["kid"]
        )


async def test_many_who_ask_for_the_first_key_get_the_same(separate, alone):
    made = await asyncio.gather(*(encryption.current(alone) for _ in range(6)))
    assert len({key.kid for key in made}) == 1
    async with alone.database.control(read_only=True):
        assert await EncryptionKey.all().count() == 1
        assert '"d"' not in (await EncryptionKey.first()).private_jwk


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RSA-OAEP"},
        {"alg": "RSA1_5"},
        {"enc": "A128GCM"},
        {"enc": "A128CBC-HS256"},
        {"zip": "DEF"},
        {"kid": "x"},
    ],
    ids=str,
)
async def test_other_algorithms_headers_and_keys(client, person, key, header):
    assert await sign_in(client, person, sealed(key, header=header)) == UNREADABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": 1_700_000_000},
        {"iat": 9_999_999_999},
        {"iat": "now"},
        {"iat": True},
        {"nonce": "short"},
        {"nonce": 7},
        {"password": ""},
        {"password": "x" * 300},
        {"password": None},
        {"more": 1},
    ],
    ids=str,
)
async def test_content_that_is_stale_or_odd(client, person, key, changes):
    assert await sign_in(client, person, sealed(key, **changes)) == UNREADABLE


async def test_a_jwe_for_another_key_under_our_kid(client, person, key):
    foreign = RSAKey.generate_key(2048, private=True).as_dict(private=False)
    assert await sign_in(client, person, sealed({**foreign, "kid": key["kid"]})) == UNREADABLE


async def test_a_symmetric_key_and_a_curve_are_no_way_in(client, person, key):
    content = orjson.dumps({"password": PASSWORD, "iat": int(time.time()), "nonce": uuid7().hex})
    for alg, other in (("dir", OctKey.generate_key(256)), ("ECDH-ES", ECKey.generate_key("P-256"))):
        header = {"alg": alg, "enc": "A256GCM", "kid": key["kid"]}
        text = jwe.encrypt_compact(header, content, other, algorithms=[alg, "A256GCM"])
        assert await sign_in(client, person, text.ljust(300, "A")) == UNREADABLE


@pytest.mark.parametrize(
    "text", ["x" * 257, "." * 300, "a.b.c.d.e" * 40, "eyJ" + "." * 4 + "x" * 300, "\u00e9" * 300]
)
async def test_garbage_that_is_too_long_for_a_password(client, person, text):
    assert await sign_in(client, person, text) == UNREADABLE


async def test_a_changed_password_may_be_encrypted_too(client, person, key):
    given = {"email": person.email, "password": PASSWORD}
    async with client.post("/api/auth/login", json=given) as answer:
        token = (await answer.json())["token"]
    client.session.cookie_jar.clear()
    body = {"currentPassword": sealed(key), "newPassword": sealed(key, password="nine brave otters sing")}
    headers = {"Authorization": f"Bearer {token}"}
    async with client.post("/api/auth/change-password", json=body, headers=headers) as answer:
        assert answer.status == 204
    assert (await sign_in(client, person, "nine brave otters sing"))[0] == 200
