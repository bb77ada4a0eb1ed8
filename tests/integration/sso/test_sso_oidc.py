"""OpenID Connect: what a provider, a thief or a liar may send, and what we make of it."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import RSAKey

from threatweaver.auth import service as auth
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.sso import oidc

CLIENT = "threatweaver"


@cache
def first_key():
    return RSAKey.generate_key(2048, {"kid": "first"})


@dataclass
class Liar:
    """An OpenID provider that says whatever a test wants."""

    issuer: str = ""
    key: RSAKey = field(default_factory=first_key)
    codes: dict = field(default_factory=dict)  # code → (challenge, ID token)
    key_reads: int = 0
    described_as: str | None = None

    def token(self, asked, /, *, key=None, header=None, **changes):
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "sub-1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked,
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada",
            "groups": ["secops"],
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, **(header or {})}
        return jwt.encode(header, claims, key or self.key, algorithms=[header["alg"]])

    async def describe(self, _):
        return web.json_response(
            {
                "issuer": self.described_as or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        )

    async def keys(self, _):
        self.key_reads += 1
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def exchange(self, request):
        form = await request.post()
        challenge, token = self.codes.pop(form["code"], (None, None))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        given = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        basic = base64.b64encode(f"{CLIENT}:hush".encode()).decode()
        if challenge != given or request.headers.get("Authorization") != f"Basic {basic}":
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": token, "token_type": "Bearer", "access_token": "a"})


@pytest_asyncio.fixture(loop_scope="session")
async def liar():
    liar = Liar()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", liar.describe)
    app.router.add_get("/keys", liar.keys)
    app.router.add_post("/token", liar.exchange)
    async with TestServer(app) as server:
        liar.issuer = str(server.make_url("")).rstrip("/")
        yield liar


@pytest_asyncio.fixture(loop_scope="session")
async def provider(liar, add_provider):
    options = {"issuer": liar.issuer, "clientId": CLIENT, "clientSecret": "hush"}
    return await add_provider(kind="oidc", oidc=options)


@pytest.fixture
def start(tenant, provider):
    """A function that begins a sign-in in a browser and returns what the provider was asked."""

    async def begin(browser, next_path="/here"):
        query = {"tenant": tenant.slug, "provider": provider["id"], "next": next_path}
        answer = await browser.get("/api/auth/sso/login", params=query)
        assert answer.status == 303, await answer.text()
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in asked.items()}

    return begin


@pytest.fixture
def come_back(liar, start):
    """A function that signs in with a token made from the nonce, and returns the answer."""

    async def run(browser, make=None, **changes):
        asked = await start(browser)
        token = make(asked["nonce"]) if make else liar.token(asked["nonce"], **changes)
        liar.codes["code"] = (asked["code_challenge"], token)
        query = {"code": "code", "state": asked["state"]}
        return await browser.get("/api/auth/sso/callback", params=query)

    return run


def shared(token, secret):
    """The same claims signed with HS256."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').rstrip(b"=").decode()
    body = f"{header}.{token.split('.')[1]}"
    signature = hmac.digest(secret, body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def refused(answer):
    body = await answer.json()
    assert (answer.status, body["code"]) == (401, "SSO_REFUSED"), body
    return body["reason"]


async def test_a_stranger_of_the_domain_gets_an_account_with_the_role_of_their_group(
    browser, come_back, tenant
):
    answer = await come_back(browser, sub=uuid7().hex, email="Grace@Example.com")
    assert (answer.status, answer.headers["Location"]) == (303, "/here")
    me = await browser.me()
    assert (me["email"], me["role"], me["tenantSlug"]) == ("grace@example.com", "analyst", tenant.slug)


async def test_the_request_has_pkce_state_and_nonce_and_they_are_new_each_time(browser, start):
    first, second = await start(browser), await start(browser)
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert (first["code_challenge_method"], first["response_type"]) == ("S256", "code")


async def test_a_token_without_a_signature_is_refused(browser, come_back, liar):
    def unsigned(nonce):
        header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
        return f"{header}.{liar.token(nonce).split('.')[1]}."

    assert await refused(await come_back(browser, unsigned)) == "BAD_SIGNATURE"
    assert await browser.me() is None


async def test_the_public_key_used_as_a_shared_secret_is_refused(browser, come_back, liar):
    def confused(nonce):
        return shared(liar.token(nonce), liar.key.as_pem(private=False))

    answer = await come_back(browser, confused)
    assert await refused(answer) == "BAD_SIGNATURE"


async def test_the_client_secret_used_as_a_key_is_refused(browser, come_back, liar):
    answer = await come_back(browser, lambda nonce: shared(liar.token(nonce), b"hush"))
    assert await refused(answer) == "BAD_SIGNATURE"


async def test_an_algorithm_that_the_provider_is_not_configured_for_is_refused(browser, come_back, liar):
    answer = await come_back(browser, lambda nonce: liar.token(nonce, header={"alg": "PS256"}))
    assert await refused(answer) == "BAD_SIGNATURE"


async def test_a_key_of_somebody_else_is_refused(browser, come_back, liar):
    other = RSAKey.generate_key(2048, {"kid": "first"})
    assert await refused(await come_back(browser, lambda n: liar.token(n, key=other))) == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nonce": "another"}, "WRONG_NONCE"),
        ({"nonce": None}, "WRONG_NONCE"),
        ({"iss": "https://evil.example.com"}, "WRONG_ISSUER"),
        ({"aud": "somebody-else"}, "WRONG_AUDIENCE"),
        ({"aud": []}, "WRONG_AUDIENCE"),
        ({"aud": [CLIENT, "somebody-else"]}, "WRONG_PARTY"),
        ({"azp": "somebody-else"}, "WRONG_PARTY"),
        ({"exp": int(time.time()) - 61}, "EXPIRED"),
        ({"exp": None}, "NO_TIMES"),
        ({"iat": int(time.time()) - 3600}, "EXPIRED"),
        ({"iat": int(time.time()) + 3600}, "NOT_YET_VALID"),
        ({"nbf": int(time.time()) + 3600}, "NOT_YET_VALID"),
        ({"sub": None}, "NO_SUBJECT"),
        ({"sub": 7}, "NO_SUBJECT"),
        ({"email_verified": False, "sub": "nobody-known"}, "UNVERIFIED_EMAIL"),
        ({"email_verified": "true", "sub": "nobody-known"}, "UNVERIFIED_EMAIL"),
        ({"email": "eve@elsewhere.example", "sub": "eve"}, "WRONG_DOMAIN"),
        ({"email": "eve@example.com.evil.example", "sub": "eve"}, "WRONG_DOMAIN"),
        ({"email": "eve@evil.example@example.com", "sub": "eve"}, "UNVERIFIED_EMAIL"),
    ],
)
async def test_a_claim_that_is_wrong_is_refused(browser, come_back, changes, expected):
    assert await refused(await come_back(browser, **changes)) == expected
    assert await browser.me() is None


async def test_a_state_of_another_browser_is_refused(browser, another_browser, start, liar):
    asked = await start(browser)
    liar.codes["code"] = (asked["code_challenge"], liar.token(asked["nonce"]))
    query = {"code": "code", "state": asked["state"]}
    answer = await another_browser.get("/api/auth/sso/callback", params=query)
    assert await refused(answer) == "NO_FLOW"
    await start(another_browser)
    answer = await another_browser.get("/api/auth/sso/callback", params=query)
    assert await refused(answer) == "WRONG_STATE"


async def test_a_callback_is_good_once(browser, another_browser, start, liar):
    asked = await start(browser)
    stolen = dict(browser.cookies)
    liar.codes["code"] = (
        asked["code_challenge"],
        liar.token(asked["nonce"], sub=uuid7().hex, email="once@example.com"),
    )
    query = {"code": "code", "state": asked["state"]}
    assert (await browser.get("/api/auth/sso/callback", params=query)).status == 303
    assert await refused(await browser.get("/api/auth/sso/callback", params=query)) == "NO_FLOW"
    another_browser.cookies = stolen  # even a copy of the cookie, made before
    assert await refused(await another_browser.get("/api/auth/sso/callback", params=query)) == "NO_FLOW"


async def test_a_code_is_worth_nothing_without_its_verifier(browser, another_browser, start, liar):
    victim, thief = await start(browser), await start(another_browser)
    liar.codes["code"] = (victim["code_challenge"], liar.token(thief["nonce"]))
    query = {"code": "code", "state": thief["state"]}
    assert await refused(await another_browser.get("/api/auth/sso/callback", params=query)) == "CODE_REFUSED"


async def test_an_answer_of_another_issuer_is_refused(browser, start):
    asked = await start(browser)
    query = {"code": "code", "state": asked["state"], "iss": "https://evil.example.com"}
    assert await refused(await browser.get("/api/auth/sso/callback", params=query)) == "WRONG_ISSUER"


async def test_a_new_key_of_the_issuer_is_found(browser, come_back, liar, monkeypatch):
    assert (await come_back(browser, sub="turn", email="turn@example.com")).status == 303
    monkeypatch.setattr(oidc, "_PAUSE", 0.0)
    reads, liar.key = liar.key_reads, RSAKey.generate_key(2048, {"kid": "second"})
    assert (await come_back(browser, sub="turn", email="turn@example.com")).status == 303
    assert liar.key_reads == reads + 1


async def test_unknown_keys_do_not_make_us_ask_the_issuer_again_and_again(browser, come_back, liar):
    assert (await come_back(browser, sub="turn", email="turn@example.com")).status == 303
    reads, other = liar.key_reads, RSAKey.generate_key(2048, {"kid": "third"})
    for _ in range(3):
        answer = await come_back(browser, lambda n: liar.token(n, key=other, header={"kid": "third"}))
        assert await refused(answer) == "BAD_SIGNATURE"
    assert liar.key_reads <= reads + 1


async def test_an_issuer_that_calls_itself_otherwise_is_refused(browser, liar, tenant, provider):
    liar.described_as = "https://login.example.com"
    query = {"tenant": tenant.slug, "provider": provider["id"]}
    answer = await browser.get("/api/auth/sso/login", params=query)
    assert (answer.status, (await answer.json())["code"]) == (422, "SSO_PROVIDER_MISCONFIGURED")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "evil",
        "/a\nb",
        "/%0d a",
        "//[",
    ],
)
async def test_the_way_on_leads_nowhere_else(browser, tenant, provider, path):
    query = {"tenant": tenant.slug, "provider": provider["id"], "next": path}
    answer = await browser.get("/api/auth/sso/login", params=query)
    assert (answer.status, (await answer.json())["code"]) == (400, "VALIDATION_ERROR")


async def test_somebody_of_another_tenant_is_not_taken_in(browser, come_back, kernel, other_tenant):
    """Whoever runs this tenant's provider could otherwise become anybody."""
    await auth.create_user(
        kernel.database,
        email="victim@example.com",
        password="correct horse battery",
        role="admin",
        tenant_id=other_tenant.id,
    )
    answer = await come_back(browser, sub="victim", email="victim@example.com")
    assert await refused(answer) == "NOT_A_MEMBER"
    assert await browser.me() is None


async def test_a_member_is_found_by_the_address_once_and_by_the_subject_from_then_on(
    browser, come_back, kernel, tenant
):
    user = await auth.create_user(
        kernel.database,
        email="linus@example.com",
        password="correct horse battery",
        role="viewer",
        tenant_id=tenant.id,
    )
    assert (await come_back(browser, sub="linus", email="linus@example.com")).status == 303
    assert (await browser.me())["role"] == "analyst"
    assert (await come_back(browser, sub="linus", email="renamed@example.com", groups=[])).status == 303
    me = await browser.me()
    assert (me["id"], me["email"], me["role"]) == (str(user.id), "linus@example.com", "viewer")


async def test_a_deactivated_member_stays_out(browser, come_back, kernel, tenant):
    assert (await come_back(browser, sub="gone", email="gone@example.com")).status == 303
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            """UPDATE membership SET deactivated_at = now() WHERE tenant_id = $1 AND user_id =
               (SELECT id FROM user_account WHERE email = 'gone@example.com')""",
            tenant.id,
        )
    assert await refused(await come_back(browser, sub="gone", email="gone@example.com")) == "DEACTIVATED"


async def test_break_glass_administrators_keep_their_role(browser, come_back, kernel, tenant):
    user = await auth.create_user(
        kernel.database,
        email="glass@example.com",
        password="correct horse battery",
        role="admin",
        tenant_id=tenant.id,
    )
    async with kernel.database.control():
        await Membership.filter(user_id=user.id).update(break_glass=True)
    assert (await come_back(browser, sub="glass", email="glass@example.com", groups=[])).status == 303
    assert (await browser.me())["role"] == "admin"


async def test_without_a_role_there_is_no_account(browser, come_back, http, admin, kernel):
    body = {"rules": [{"group": "secops", "role": "analyst"}], "defaultRole": None}
    async with http.put("/api/sso/role-mapping", json=body, headers=admin):
        pass
    answer = await come_back(browser, sub="norole", email="norole@example.com", groups=["others"])
    assert await refused(answer) == "NO_ROLE"
    async with kernel.database.control(read_only=True):
        assert not await User.exists(email="norole@example.com")
    async with http.put("/api/sso/role-mapping", json={**body, "defaultRole": "viewer"}, headers=admin):
        pass


async def test_the_last_administrator_keeps_the_role_whatever_the_groups_say(
    browser, another_browser, come_back, kernel, tenant
):
    email = f"{uuid7().hex[-12:]}@example.com"
    await auth.create_user(kernel.database, email=email, password="-" * 12, role="admin", tenant_id=tenant.id)
    async with kernel.database.control() as unit:
        others = await unit.connection.fetch(
            """UPDATE membership SET role = 'viewer' WHERE tenant_id = $1 AND role = 'admin'
               AND user_id <> (SELECT id FROM user_account WHERE email = $2) RETURNING id""",
            tenant.id,
            email,
        )
    answer = await come_back(browser, sub=email, email=email)
    assert (answer.status, (await browser.me())["role"]) == (303, "admin")
    async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
        line = await unit.connection.fetchval(
            "SELECT e::text FROM audit_line e WHERE action = 'sso_sign_in' ORDER BY id DESC LIMIT 1"
        )
    assert "LAST_ADMIN" in line
    async with kernel.database.control():
        await Membership.filter(id__in=[row["id"] for row in others]).update(role="admin")
    assert (await come_back(another_browser, sub=email, email=email)).status == 303
    assert (await another_browser.me())["role"] == "analyst"


async def test_a_sign_in_comes_with_its_line(browser, come_back, kernel, tenant, line_or_nothing):
    email = f"{uuid7().hex}@example.com"

    async def attempt():
        return (await come_back(browser, sub=email, email=email)).status

    for action in ("sso_member_made", "sso_sign_in"):  # the first one makes the account
        await line_or_nothing(kernel, tenant, attempt, action=action, good=303)
    async with kernel.database.control():
        await Membership.filter(tenant_id=tenant.id).exclude(role="admin").update(role="viewer")
    await line_or_nothing(kernel, tenant, attempt, action="sso_role_given", good=303)


async def test_just_in_time_users_take_seats(browser, come_back, kernel, monkeypatch):
    full = replace(kernel.license.claims, seats=1)
    monkeypatch.setattr(kernel.license, "claims", full)
    assert await refused(await come_back(browser, sub="seatless", email="seatless@example.com")) == "NO_SEAT"
    async with kernel.database.control(read_only=True):
        assert not await User.exists(email="seatless@example.com")
