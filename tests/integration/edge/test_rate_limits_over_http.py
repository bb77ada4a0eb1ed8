"""What a caller sees of the limits: headers on every answer, 429 in the documented shape, exact buckets."""

import pytest
from marshmallow import fields

from threatweaver.http.route import SIGNED_IN, RouteTable, Scope, bare
from threatweaver.http.schema import Schema
from threatweaver.ids import uuid7

HEADERS = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


class Pong(Schema):
    pong = fields.Boolean(required=True)


table = RouteTable(path="/appsec", tag="Test")


@table.route("GET", "/ping", permission=SIGNED_IN, returns=bare(Pong), scope=Scope.NONE)
@table.route("POST", "/ping", permission=SIGNED_IN, returns=bare(Pong), scope=Scope.NONE)
async def ping(_):
    """Answer."""
    return {"pong": True}


def as_client():
    number = uuid7().int
    return {"X-Forwarded-For": f"198.18.{(number >> 8) & 255}.{number & 255}"}


@pytest.fixture
def limited(edge):
    """A function: a client behind a trusted proxy of an application with this general limit."""
    return lambda limit=100: edge(*table.routes, TW_RATE_LIMIT=str(limit), TW_TRUSTED_PROXIES="127.0.0.1/32")


async def test_every_answer_says_what_is_left(limited, admin):
    async with limited() as client:
        me = admin | as_client()
        for path in ("/api/auth/me", "/api/nothing", "/api/health/live", "/api-docs/swagger.json", "/"):
            async with client.get(path, headers=me, allow_redirects=False) as answer:
                assert set(answer.headers) >= HEADERS, path
                assert answer.headers["RateLimit-Limit"] == "100"
        left = [
            (await client.get(path, headers=me)).headers["RateLimit-Remaining"]
            for path in ("/api/auth/me", "/api/health/live", "/api/dashboard/kpis", "/api/auth/me")
        ]
    assert left == ["97", "97", "97", "96"]


async def test_the_429_is_documented_and_says_when_to_come_back(limited):
    async with limited(2) as client:
        me = as_client()
        answers = [await client.get("/api/license/status", headers=me) for _ in range(3)]
        last, body = answers[-1], await answers[-1].json()
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert (body["code"], body["status"], body["error"]) == ("RATE_LIMITED", 429, "Too Many Requests")
    assert 1 <= int(last.headers["Retry-After"]) <= 61
    assert last.headers["RateLimit-Remaining"] == "0"
    assert last.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_path_written_otherwise_is_the_same_bucket(limited):
    async with limited() as client:
        me, body = as_client(), {"email": f"{uuid7().hex}@example.com", "password": "wrong"}
        paths = ["/api/auth/login", "/api/auth/%6Cogin", "/api/auth/login?x=1", "/api/%61uth/login"]
        answers = [await client.post(paths[n % 4], json=body, headers=me) for n in range(12)]
    assert [answer.status == 429 for answer in answers] == [False] * 10 + [True] * 2


async def test_passwords_are_not_guessed_through_two_doors(limited):
    async with limited() as client:
        me, somebody = as_client(), {"email": f"{uuid7().hex}@example.com", "password": "wrong"}
        entry = {"provider": str(uuid7()), "username": "nobody", "password": "wrong"}
        doors = [("/api/auth/login", somebody), ("/api/auth/sso/ldap", entry)] * 6
        answers = [await client.post(path, json=body, headers=me) for path, body in doors]
        assert [answer.status == 429 for answer in answers] == [False] * 10 + [True] * 2
        assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"10"}


@pytest.mark.parametrize("path", ["register", "resend-verification"])
async def test_what_sends_mail_to_any_address_is_slowed_down(limited, path):
    body = {"email": "nobody@example.com"}
    if path == "register":
        body |= {"password": "nine brave otters sing", "name": "N"}
    async with limited() as client:
        me = as_client()
        answers = [await client.post(f"/api/auth/{path}", json=body, headers=me) for _ in range(11)]
    assert [answer.status for answer in answers[:10]] == [202 if path != "register" else 403] * 10
    assert answers[10].status == 429


async def test_an_address_behind_the_proxy_does_not_pay_for_another(limited):
    async with limited(1) as client:
        mine, other = as_client(), as_client()
        assert (await client.get("/api/license/status", headers=mine)).status == 200
        assert (await client.get("/api/license/status", headers=mine)).status == 429
        assert (await client.get("/api/license/status", headers=other)).status == 200


async def test_appsec_counts_by_user_and_route_and_not_by_address(limited, admin, viewer):
    async with limited(1) as client:
        me = as_client()
        statuses = [(await client.post("/api/appsec/ping", headers=admin | me)).status for _ in range(125)]
        assert statuses == [200] * 120 + [429] * 5
        read = await client.get("/api/appsec/ping", headers=admin | me)
        assert (read.status, read.headers["RateLimit-Limit"]) == (200, "2000")
        assert (await client.post("/api/appsec/ping", headers=viewer | me)).status == 200
        assert (await client.get("/api/license/status", headers=me)).status == 200
