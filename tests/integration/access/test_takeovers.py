"""Ways to somebody else's account or rights that lead through several parts at once."""

import re
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.license.current import CurrentLicense
from threatweaver.notify.mail import service as mail
from threatweaver.notify.mail.models import Mail

PASSWORD = "a long and unusual passphrase 9"
OTHER = "nine brave otters sing"
DIRECTORY = {"clientId": "tw", "clientSecret": "hush-hush"}


def address():
    return f"{uuid7().hex}@example.com"


@pytest.fixture
def tokens(kernel):
    """A function: the tokens of the links that were mailed to an address, the newest last."""

    async def mailed(email):
        async with kernel.database.control(read_only=True):
            rows = await Mail.filter(recipient=email).order_by("created_at", "id")
        return re.findall(r"token=(\S+)", "".join(mail.read(kernel, row).text for row in rows))

    return mailed


@pytest.fixture
def post(client, call):
    """A function: (status, body) of a public POST below /auth, without anybody's cookies."""

    async def made(path, body):
        client.session.cookie_jar.clear()
        answer = await call("POST", f"/auth{path}", None, body)
        client.session.cookie_jar.clear()
        return answer

    return made


@pytest.fixture
def made(call, admin):
    """A function: the row of a new user."""

    async def create(**options):
        body = {"email": address(), "role": "viewer", **options}
        status, answer = await call("POST", "/admin/users", admin, body)
        assert status == 201, answer
        return answer["data"]

    return create


@pytest.fixture
def holder(call, admin, person):
    """A function: somebody with a role of what viewers hold, and some permissions more."""

    async def create(*permissions):
        _, roles = await call("GET", "/admin/roles", admin)
        viewers = next(row["permissions"] for row in roles["data"] if row["name"] == "viewer")
        body = {"name": f"r{uuid7().hex}", "title": "Some", "permissions": [*viewers, *permissions]}
        assert (await call("POST", "/admin/roles", admin, body))[0] == 201
        return await person(body["name"])

    return create


async def test_a_new_tenants_administrator_who_has_an_account_is_invited_and_not_let_in(
    call, as_role, made, tenant, post, tokens
):
    squatted = await made(password=PASSWORD)  # its password is known to the administrator of another tenant
    operator = await as_role("operator", tenant)
    body = {"slug": f"n-{uuid7().hex[-12:]}", "name": "New", "admin": {"email": squatted["email"]}}
    status, answer = await call("POST", "/tenants", operator, body)
    assert (status, answer["data"]["initialPassword"], answer["data"]["members"]) == (201, None, 0)
    [token] = await tokens(squatted["email"])
    status, answer = await post("/invite", {"token": token, "password": PASSWORD})
    assert (status, answer["user"]["role"], answer["user"]["tenantSlug"]) == (200, "admin", body["slug"])


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_who_may_only_change_providers_becomes_nobody_by_one(call, admin, holder, token_of, method):
    good = {**DIRECTORY, "issuer": f"https://{uuid7().hex}.example.com"}
    body = {"name": uuid7().hex, "kind": "oidc", "oidc": good}
    _, answer = await call("POST", "/sso/providers", admin, body)
    path = "/sso/providers" if method == "POST" else f"/sso/providers/{answer['data']['id']}"
    somebody = await holder("kernel:sso:read", "kernel:sso:write")
    evil = {**body, "name": uuid7().hex, "oidc": {**good, "issuer": "https://evil.example.com"}}
    status, answer = await call(method, path, somebody.headers, evil)
    assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS")


async def test_an_invitation_gives_nobody_rights_back_that_the_inviter_does_not_hold(
    call, admin, holder, made
):
    gone = await made()
    grant = {"userId": gone["id"], "role": "admin"}
    assert (await call("POST", "/admin/grants", admin, grant))[0] == 201
    assert (await call("DELETE", f"/admin/users/{gone['id']}", admin))[0] == 204
    helper = await holder("kernel:user:read", "kernel:user:write")
    invitation = {"email": gone["email"], "role": "viewer"}
    status, answer = await call("POST", "/admin/invitations", helper.headers, invitation)
    assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS")
    assert (await call("POST", "/admin/invitations", admin, invitation))[0] == 201


async def test_an_open_invitation_does_not_bring_back_who_was_deactivated(call, admin, post, tokens, made):
    email = address()
    await call("POST", "/admin/invitations", admin, {"email": email, "role": "analyst"})
    [token] = await tokens(email)
    row = await made(email=email, password=PASSWORD)
    assert (await call("DELETE", f"/admin/users/{row['id']}", admin))[0] == 204
    status, answer = await post("/invite", {"token": token, "password": PASSWORD})
    assert (status, answer["code"]) == (422, "INVALID_LINK")


@pytest.mark.parametrize("reset", ["reset-password", "reset-mfa"])
async def test_an_administrators_reset_ends_sign_ins_under_way(call, admin, post, made, tenant, reset):
    row = await made(password=PASSWORD)
    login = {"email": row["email"], "password": PASSWORD, "chooseTenant": True}
    _, pending = await post("/login", login)
    assert (await call("POST", f"/admin/users/{row['id']}/{reset}", admin))[0] == 204
    choice = {"tenantToken": pending["tenantToken"], "tenantId": str(tenant.id)}
    status, answer = await post("/select-tenant", choice)
    assert (status, answer.get("code")) == (401, "INVALID_STEP_TOKEN")


@pytest.mark.parametrize("way", ["administrator", "directory"])
async def test_a_link_to_the_old_address_is_worthless_once_the_address_changed(
    call, admin, post, made, tokens, way
):
    if way == "administrator":
        row = await made(password=PASSWORD)
    else:  # which readdresses whom it made alone
        _, row = await call("POST", "/scim/v2/Users", admin, {"userName": address()})
        row["email"] = row["userName"]
    assert (await post("/forgot-password", {"email": row["email"]}))[0] == 202
    assert (await post("/resend-verification", {"email": row["email"]}))[0] == 202
    reset, verify = await tokens(row["email"])
    if way == "administrator":
        status, _ = await call("PUT", f"/admin/users/{row['id']}", admin, {"email": address()})
    else:
        status, _ = await call("PUT", f"/scim/v2/Users/{row['id']}", admin, {"userName": address()})
    assert status == 200
    status, answer = await post("/reset-password", {"token": reset, "password": OTHER})
    assert (status, answer["code"]) == (422, "INVALID_LINK")
    assert (await call("GET", f"/auth/verify-email?token={verify}"))[0] == 422


async def test_one_tenants_limit_of_sessions_ends_none_of_another_tenant(
    call, admin, kernel, other_tenant, post, made
):
    row = await made(password=PASSWORD)
    async with kernel.database.control():
        await User.filter(id=row["id"]).update(must_change_password=False)
        await Membership.create(user_id=row["id"], tenant_id=other_tenant.id, role="viewer")
    login = {"email": row["email"], "password": PASSWORD, "chooseTenant": True}

    async def sign_in(tenant_id):
        _, pending = await post("/login", login)
        _, signed = await post(
            "/select-tenant", {"tenantToken": pending["tenantToken"], "tenantId": tenant_id}
        )
        return {"Authorization": f"Bearer {signed['token']}"}

    elsewhere = await sign_in(str(other_tenant.id))
    limits = {"values": {"sessionMax": 1}}
    assert (await call("PUT", "/admin/settings", admin, limits))[0] == 200
    _, here = await call("GET", "/auth/me", admin)
    await sign_in(here["tenantId"])
    kernel.identifier.forget()
    assert (await call("GET", "/auth/me", elsewhere))[0] == 200
    assert (await call("PUT", "/admin/settings", admin, {"values": {"sessionMax": 20}}))[0] == 200


async def test_a_registration_takes_a_seat_of_the_license(call, admin, kernel, tenant, tokens):
    opened = {"values": {"registration": "open"}}
    assert (await call("PUT", "/admin/settings", admin, opened))[0] == 200
    email = address()
    body = {"email": email, "password": PASSWORD, "name": "Ada", "tenant": tenant.slug}
    status, answer = await call("POST", "/auth/register", None, body)
    assert status == 202, answer
    [token] = await tokens(email)
    full = replace(kernel, license=CurrentLicense(replace(kernel.license.claims, seats=1)))
    async with (
        TestClient(TestServer(application.build(full))) as other,
        other.get("/api/auth/verify-email", params={"token": token}) as answer,
    ):
        assert (answer.status, (await answer.json())["code"]) == (409, "SEATS_EXHAUSTED")
    assert (await call("GET", f"/auth/verify-email?token={token}"))[0] == 200
    assert (await call("PUT", "/admin/settings", admin, {"values": {"registration": "closed"}}))[0] == 200
