"""What single sign-on must never open: other tenants, and what guards an account."""

import pytest
import pytest_asyncio
from saml_forge import Forge, encode

from threatweaver.auth import service as auth
from threatweaver.auth.models import Membership
from threatweaver.ids import uuid7

PASSWORD = "correct horse battery staple"


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in(http, admin, add_provider, tenant, browser):
    """A function that signs somebody in through the tenant's SAML provider."""
    async with http.get("/api/sso/config", headers=admin) as answer:
        config = (await answer.json())["data"]
    forge = Forge(config["entityId"], config["acsUrl"], config["certificate"].encode())
    options = {
        "entityId": forge.issuer,
        "ssoUrl": "https://idp.example.com/sso",
        "certificates": [forge.pair[1].decode()],
        "idpInitiated": True,
    }
    await add_provider(kind="saml", saml=options)

    async def run(email):
        path = f"/api/auth/sso/callback?tenant={tenant.slug}"
        answer = await browser.post(path, data={"SAMLResponse": encode(forge.signed(name_id=email))})
        assert answer.status == 303, await answer.text()
        return browser

    return run


@pytest.fixture
def person(kernel, tenant):
    async def make(*tenants, role="viewer"):
        email = f"{uuid7().hex[-12:]}@example.com"
        for place in tenants or (tenant,):
            user = await auth.create_user(
                kernel.database, email=email, password=PASSWORD, role=role, tenant_id=place.id
            )
        return user

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def require(http, admin, kernel):
    """A function that requires single sign-on; the administrator who asks for it keeps their password."""
    async with http.get("/api/auth/me", headers=admin) as answer:
        me = await answer.json()
    async with kernel.database.control():
        await Membership.filter(user_id=me["id"]).update(break_glass=True)

    async def switch(*, on):
        body = {"values": {"ssoRequired": on}}
        async with http.put("/api/admin/settings", json=body, headers=admin) as answer:
            assert answer.status == 200, await answer.text()

    yield switch
    await switch(on=False)


@pytest_asyncio.fixture(loop_scope="session")
async def required(require):
    await require(on=True)


async def login(http, user):
    body = {"email": user.email, "password": PASSWORD}
    async with http.post("/api/auth/login", json=body) as answer:
        return answer.status, await answer.json()


def origin(site):
    return {"Origin": site}


async def test_a_session_of_a_provider_reaches_no_other_tenant(signed_in, person, tenant, other_tenant, site):
    """Both tenants know the person; only one of them runs the provider."""
    user = await person(tenant, other_tenant)
    browser = await signed_in(user.email)
    body = {"tenantId": str(other_tenant.id)}
    answer = await browser.post("/api/auth/switch-tenant", json=body, headers=origin(site))
    assert (answer.status, (await answer.json())["code"]) == (403, "SSO_CONFINED")
    assert (await browser.me())["tenantSlug"] == tenant.slug


async def test_a_session_of_a_provider_sets_no_second_factor_for_other_tenants(
    signed_in, person, tenant, other_tenant, site
):
    user = await person(tenant, other_tenant)
    browser = await signed_in(user.email)
    answer = await browser.post("/api/auth/mfa/enable", json={"code": "123456"}, headers=origin(site))
    assert (answer.status, (await answer.json())["code"]) == (403, "SSO_CONFINED")


async def test_a_password_is_refused_where_single_sign_on_is_required(http, required, signed_in, person):
    user = await person()
    status, body = await login(http, user)
    assert (status, body["code"]) == (403, "SSO_REQUIRED")
    assert (await (await signed_in(user.email)).me())["id"] == str(user.id)


async def test_requiring_single_sign_on_closes_what_passwords_opened(
    signed_in, person, require, kernel, another_browser, site
):
    """Access and refresh tokens alike; neither a break-glass account nor the provider's own sessions."""
    user, keeper = await person(), await person(role="admin")
    async with kernel.database.control():
        await Membership.filter(user_id=keeper.id).update(break_glass=True)
    by_provider, by_password = await signed_in(user.email), another_browser
    http = by_password.session
    await by_password.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    assert (await by_password.me())["id"] == str(user.id)
    kept = {"Authorization": f"Bearer {(await login(http, keeper))[1]['token']}"}

    await require(on=True)
    for method, path in (("GET", "/api/auth/me"), ("POST", "/api/auth/refresh")):
        answer = await by_password.send(method, path, headers=origin(site))
        assert (answer.status, (await answer.json())["code"]) == (403, "SSO_REQUIRED")
    assert (await by_provider.me())["id"] == str(user.id)
    async with http.get("/api/auth/me", headers=kept) as answer:
        assert answer.status == 200


async def test_a_wrong_password_does_not_tell_that_single_sign_on_is_required(
    http, required, signed_in, person
):
    user = await person()
    async with http.post("/api/auth/login", json={"email": user.email, "password": "wrong"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, "INVALID_CREDENTIALS")


async def test_a_break_glass_account_keeps_its_password(http, required, signed_in, person, kernel):
    user = await person(role="admin")
    async with kernel.database.control():
        await Membership.filter(user_id=user.id).update(break_glass=True)
    status, body = await login(http, user)
    assert (status, body["user"]["email"]) == (200, user.email)


async def test_without_a_provider_left_a_password_opens_the_tenant_again(http, required, person):
    status, _ = await login(http, await person())
    assert status == 200


async def test_a_password_session_does_not_switch_to_where_single_sign_on_is_required(
    http, required, signed_in, person, tenant, other_tenant
):
    user = await person(other_tenant, tenant)
    status, body = await login(http, user)
    assert (status, body["user"]["tenantId"]) == (200, str(other_tenant.id))
    headers = {"Authorization": f"Bearer {body['token']}"}
    async with http.post(
        "/api/auth/switch-tenant", json={"tenantId": str(tenant.id)}, headers=headers
    ) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "SSO_REQUIRED")


async def test_an_account_made_by_a_provider_has_no_password(signed_in, http, kernel):
    email = f"{uuid7().hex[-12:]}@example.com"
    assert (await (await signed_in(email)).me())["email"] == email
    for password in ("-", "!", "x"):
        async with http.post("/api/auth/login", json={"email": email, "password": password}) as answer:
            assert answer.status == 401
