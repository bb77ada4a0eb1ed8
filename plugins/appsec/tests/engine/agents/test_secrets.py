"""Secrets, passwords and traces in answers: told from what only looks like them."""

import json
import zlib

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import errors, secrets

JSON = [("Content-Type", "application/json")]
BODY = "q7Rk2ZtN5wYb8XcV1mLp4sDf6gHj"[:30]


def github_token():
    digits, number, tail = secrets.DIGITS62, zlib.crc32(f"{BODY}aB".encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        tail = digits[rest] + tail
    return f"ghp_{BODY}aB{tail}"


PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEAq7Rk2ZtN5wYb8XcV1mLp4sDf6gHj" * 6 + "\n-----END"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (github_token(), ["GitHub token"]),
        (github_token()[:-1] + "!", []),
        ("ghp_" + "a1B2" * 9, []),  # no checksum
        (PEM, ["private key"]),
        ("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", []),
        ("DATABASE_URL=postgres://app:hunter42@db.internal/app", ["database password"]),
        ("postgres://user:your_password@localhost/db", []),
        ("AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", []),
        ("key AKIAQ7RK2ZTN5WYB8XCV secret: wJalrXUtnFEMIqK7MDENGzbPxRfiCY7aQ2Lk9sDf", ["AWS secret key"]),
        ("nothing at all", []),
    ],
)
def test_keys_are_known_by_format_and_checksum(look, text, found):
    proofs = look(secrets.AGENTS, "secret-in-answer", headers=[("Content-Type", "text/plain")], body=text)
    assert [proof.key.rpartition(" ")[0] for proof in proofs] == found
    assert all(text not in proof.excerpt for proof in proofs)


USERS = {"users": [{"username": "ann", "password": "pass1"}, {"username": "bob", "password": "pass2"}]}
HASHED = {"users": [{"email": "ann@a.test", "password_hash": "$2b$12$" + "a" * 53}]}


@pytest.mark.parametrize(
    ("body", "severity", "plain"),
    [
        (USERS, "CRITICAL", 1),
        (HASHED, "HIGH", 0),
        ({"openapi": "3.0.0", "example": USERS}, None, 0),
        ({"username": "ann", "password": "********"}, None, 0),
        ({"labels": {"username": "Username", "password": "Password"}}, None, 0),
        ({"username": "ann"}, None, 0),
    ],
)
def test_passwords_of_accounts(look, body, severity, plain):
    text = json.dumps(body)
    agent = next(agent for agent in secrets.AGENTS if agent.about.id == "passwords-in-answer")
    found = look(secrets.AGENTS, "passwords-in-answer", headers=JSON, body=text)
    assert [proof.severity or agent.about.severity for proof in found] == ([severity] if severity else [])
    assert len(look(secrets.AGENTS, "passwords-stored-plain", headers=JSON, body=text)) == plain
    assert all("pass1" not in proof.excerpt for proof in found)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("card 4539 5787 6362 1486", 1),
        ("card 4539 5787 6362 1487", 0),
        ("id 1234567890123456789", 0),
        ("4444444444444448", 0),
        ('<svg><path d="M4539 5787 6362 1486z"/></svg>', 0),
        ('<path d="4539578763621486"/>', 0),
    ],
)
def test_card_numbers_have_a_checksum(look, body, count):
    assert len(look(secrets.AGENTS, "card-number", body=body)) == count


JAVA = "java.lang.X: no\n\tat com.shop.cart.Cart.add(Cart.java:41)\n\tat com.shop.web.Api.put(Api.java:7)\n"
NODE = "TypeError: x\n    at add (/srv/app/cart.js:12:9)\n    at /srv/app/lib/router.js:95:5"
PHP = "<br /><b>Warning</b>: Undefined variable $x in <b>/var/www/a.php</b> on line <b>3</b><br />"


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ("Traceback (most recent call last):\n  File", 500, ["Python"]),
        ("Traceback (most recent call last) is what Python says", 200, []),
        (JAVA, 500, ["Java"]),
        (NODE, 500, ["Node.js"]),
        (PHP, 200, ["PHP"]),
        ("<title>Error</title> Something went wrong (id 7)", 500, []),
    ],
)
def test_traces_are_told_by_framework(look, body, status, found):
    assert [proof.key for proof in look(errors.AGENTS, "verbose-error", status=status, body=body)] == found


@pytest.mark.parametrize(("debug", "count"), [(True, 1), (False, 0)])
async def test_a_debugger_serves_its_own_files(site_of, probe, debug, count):
    async def home(request):
        if debug and request.query.get("f") == "debugger.js":
            return web.Response(text="fetch(`${document.location}?__debugger__=yes`); if (EVALEX) {}")
        return web.Response(
            text="EVALEX and __debugger__" if request.query.get("f") and not debug else "hello"
        )

    site = await site_of({"GET /": home})
    assert len(await probe(errors.AGENTS, "debug-mode", site)) == count
