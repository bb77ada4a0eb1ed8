"""Passwords changed, forgotten and reset; registration, verification and invitations."""

import re
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.auth import service
from threatweaver.auth.account import invitations
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.notify.mail import service as mail
from threatweaver.notify.mail.models import Mail
from threatweaver.tenancy.models import Tenant

PASSWORD = "correct horse battery"
OTHER = "nine brave otters sing"


async def post(client, path, body, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client.session.cookie_jar.clear()
    async with client.post(f"/api/auth{path}", json=body, headers=headers) as answer:
        client.session.cookie_jar.clear()
        return answer.status, await answer.json() if answer.content_length else None


async def verify(client, token, browser=None):
    headers = {"Cookie": f"registration={browser}"} if browser else {}
    async with client.get("/api/auth/verify-email", params={"token": token}, headers=headers) as answer:
        return answer.status, await answer.json()


async def register(client, body):
    """Return what the browser that registers gets to be known by."""
    async with client.post("/api/auth/register", json=body) as answer:
        assert answer.status == 202, await answer.text()
        return answer.cookies["registration"]


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant):
    return await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="analyst",
        tenant_id=tenant.id,
    )


@pytest.fixture
def mailed(kernel):
    """A function: the texts of the mails to an address, the newest last."""

    async def texts(email):
        async with kernel.database.control(read_only=True):
            rows = await Mail.filter(recipient=email).order_by("created_at", "id")
        return [mail.read(kernel, row).text for row in rows]

    return texts


def token_in(text):
    return re.search(r"token=(\S+)", text)[1]


async def sign_in(client, email, password=PASSWORD):
    return await post(client, "/login", {"email": email, "password": password})


@pytest.fixture
def registration(kernel, tenant, client, admin):
    @asynccontextmanager
    async def policy(**members):
        async with client.put("/api/admin/settings", json={"values": members}, headers=admin) as answer:
            assert answer.status == 200, await answer.text()
        assert (await tenant_settings.read(kernel, tenant.schema)).registration == members["registration"]
        yield

    return policy


async def test_changing_the_password_ends_the_other_sessions(client, person, mailed):
    _, first = await sign_in(client, person.email)
    _, second = await sign_in(client, person.email)
    body = {"currentPassword": PASSWORD, "newPassword": OTHER}
    assert (await post(client, "/change-password", body, first["token"]))[0] == 204
    for token, expected in ((first["token"], 200), (second["token"], 401)):
        async with client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == expected
    assert (await sign_in(client, person.email))[0] == 401
    assert (await sign_in(client, person.email, OTHER))[0] == 200
    assert "was changed" in (await mailed(person.email))[-1]


async def test_changing_asks_for_the_current_password(client, person):
    _, signed = await sign_in(client, person.email)
    body = {"currentPassword": OTHER, "newPassword": "nine brave otters swim"}
    status, refused = await post(client, "/change-password", body, signed["token"])
    assert (status, refused["code"]) == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "LENGTH"),
        ("y" * 11, "LENGTH"),
        ("abababababab", "GUESSABLE"),
        ("ThreatWeaver2024!", "GUESSABLE"),
        ("Password2024!!", "BREACHED"),
        ("passwordpassword", "BREACHED"),
        ("1234567890qwerty", "BREACHED"),
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44123456", "BREACHED"),
        (PASSWORD, "UNCHANGED"),
    ],
)
async def test_passwords_that_nobody_may_have(client, person, password, reason):
    _, signed = await sign_in(client, person.email)
    body = {"currentPassword": PASSWORD, "newPassword": password}
    status, refused = await post(client, "/change-password", body, signed["token"])
    assert (status, refused["code"], refused["reason"]) == (422, "PASSWORD_REFUSED", reason)


async def test_the_tenant_says_how_long_a_password_is(client, tenant, admin, person, registration):
    async with registration(registration="closed", passwordMinLength=24):
        _, signed = await sign_in(client, person.email)
        body = {"currentPassword": PASSWORD, "newPassword": OTHER}
        _, refused = await post(client, "/change-password", body, signed["token"])
        assert (refused["reason"], refused["minLength"]) == ("LENGTH", 24)
        async with client.get("/api/auth/password-policy", params={"tenant": tenant.slug}) as answer:
            assert (await answer.json())["minLength"] == 24
    async with registration(registration="closed", passwordMinLength=12):
        pass


async def test_every_keyboard_types_the_same_password(client, kernel, tenant):
    composed, decomposed = "caf\u00e9 au lait, no sugar", "cafe\u0301 au lait, no sugar"
    email = f"{uuid7().hex}@example.com"
    await service.create_user(
        kernel.database, email=email, password=composed, role="viewer", tenant_id=tenant.id
    )
    assert (await sign_in(client, email, decomposed))[0] == 200


async def test_a_forgotten_password_is_reset_once_by_the_newest_link(client, person, mailed, kernel):
    _, signed = await sign_in(client, person.email)
    for _ in range(2):
        assert await post(client, "/forgot-password", {"email": person.email.upper()}) == (202, None)
    older, newest = (token_in(text) for text in (await mailed(person.email))[-2:])
    assert (await post(client, "/reset-password", {"token": older, "password": OTHER}))[1][
        "code"
    ] == "INVALID_LINK"
    weak = {"token": newest, "password": "passwordpassword"}
    assert (await post(client, "/reset-password", weak))[1]["code"] == "PASSWORD_REFUSED"
    assert (await post(client, "/reset-password", {"token": newest, "password": OTHER}))[0] == 204
    again = {"token": newest, "password": "nine brave otters swim"}
    assert (await post(client, "/reset-password", again))[1]["code"] == "INVALID_LINK"
    async with client.get("/api/auth/me", headers={"Authorization": f"Bearer {signed['token']}"}) as answer:
        assert answer.status == 401
    assert (await sign_in(client, person.email, OTHER))[0] == 200
    async with kernel.database.control(read_only=True):
        assert (await User.get(id=person.id)).email_verified_at is not None


async def test_a_reset_link_lives_an_hour_and_its_token_is_hashed(client, person, mailed, kernel):
    await post(client, "/forgot-password", {"email": person.email})
    token = token_in((await mailed(person.email))[-1])
    async with kernel.database.control() as unit:
        kept = await unit.connection.fetchval("SELECT l::text FROM mail_link l WHERE user_id = $1", person.id)
        await unit.connection.execute(
            "UPDATE mail_link SET expires_at = expires_at - interval '1 hour' WHERE user_id = $1", person.id
        )
    assert token.partition(".")[2] not in kept
    status, refused = await post(client, "/reset-password", {"token": token, "password": OTHER})
    assert (status, refused["code"]) == (422, "INVALID_LINK")


async def test_changing_the_password_ends_reset_links(client, person, mailed):
    await post(client, "/forgot-password", {"email": person.email})
    token = token_in((await mailed(person.email))[-1])
    _, signed = await sign_in(client, person.email)
    await post(
        client, "/change-password", {"currentPassword": PASSWORD, "newPassword": OTHER}, signed["token"]
    )
    assert (await post(client, "/reset-password", {"token": token, "password": PASSWORD}))[0] == 422


async def test_asking_for_an_unknown_account_looks_the_same(client, person, mailed):
    stranger = f"{uuid7().hex}@example.com"
    assert await post(client, "/forgot-password", {"email": stranger}) == (202, None)
    assert await mailed(stranger) == []


async def test_a_closed_tenant_takes_no_registration(client, tenant, registration):
    body = {"email": f"{uuid7().hex}@example.com", "password": OTHER, "name": "N", "tenant": tenant.slug}
    for policy in ("closed", "invited"):
        async with registration(registration=policy):
            assert (await post(client, "/register", body))[1]["code"] == "REGISTRATION_CLOSED"
    assert (await post(client, "/register", {**body, "tenant": "no-such"}))[1][
        "code"
    ] == "REGISTRATION_CLOSED"


@pytest.fixture
async def newcomer(tenant, registration):
    """What somebody new registers with, where that is open."""
    async with registration(registration="open", registrationDomains=["example.com"]):
        yield {
            "email": f"{uuid7().hex}@example.com",
            "password": OTHER,
            "name": "N",
            "tenant": tenant.slug,
        }


async def test_a_registration_becomes_an_account_when_the_address_is_verified(client, newcomer, mailed):
    email = newcomer["email"]
    foreign = {**newcomer, "email": "n@example.org"}
    assert (await post(client, "/register", foreign))[1]["code"] == "REGISTRATION_CLOSED"
    browser = (await register(client, newcomer)).value
    assert (await sign_in(client, email, OTHER))[0] == 401
    assert (await post(client, "/resend-verification", {"email": email}))[0] == 202
    older, newest = (token_in(text) for text in await mailed(email))
    assert (await verify(client, older, browser))[1]["code"] == "INVALID_LINK"
    assert await verify(client, newest, browser) == (200, {"email": email, "resetToken": None})
    assert (await verify(client, newest, browser))[1]["code"] == "INVALID_LINK"
    status, signed = await sign_in(client, email, OTHER)
    assert (status, signed["user"]["role"]) == (200, "viewer")
    await register(client, newcomer)  # the answer is the same, cookie and all
    assert "has an account already" in (await mailed(email))[-1]


async def test_who_registers_somebody_elses_address_does_not_choose_the_password(client, newcomer, mailed):
    """The owner opens the link, in a browser that knows nothing or was made to register something else."""
    email = newcomer["email"]
    await register(client, newcomer)
    other = (await register(client, {**newcomer, "email": f"x{email}"})).value
    status, verified = await verify(client, token_in((await mailed(email))[0]), other)
    assert (status, verified["email"]) == (200, email)
    assert (await sign_in(client, email, OTHER))[0] == 401
    chosen = {"token": verified["resetToken"], "password": "nine brave otters swim"}
    assert (await post(client, "/reset-password", chosen))[0] == 204
    assert (await post(client, "/reset-password", chosen))[1]["code"] == "INVALID_LINK"
    assert (await sign_in(client, email, OTHER))[0] == 401
    assert (await sign_in(client, email, chosen["password"]))[0] == 200


async def test_what_a_browser_is_known_by_is_new_each_time_and_out_of_reach(client, newcomer, kernel):
    cookies = [await register(client, newcomer) for _ in range(2)]
    assert cookies[0].value != cookies[1].value
    assert (cookies[0]["httponly"], cookies[0]["path"], cookies[0]["max-age"]) == (
        True,
        "/api/auth",
        str(2 * 86_400),
    )
    async with kernel.database.control(read_only=True) as unit:
        kept = await unit.connection.fetchval(
            "SELECT r::text FROM registration r WHERE email = $1", newcomer["email"]
        )
    assert cookies[1].value not in kept


async def test_a_registration_of_before_the_update_counts_in_no_browser(client, newcomer, mailed, kernel):
    browser = (await register(client, newcomer)).value
    async with kernel.database.control() as unit:
        await unit.connection.execute("UPDATE registration SET browser_hash = NULL")
    _, verified = await verify(client, token_in((await mailed(newcomer["email"]))[-1]), browser)
    assert verified["resetToken"] is not None


@pytest.fixture
def invited(kernel, tenant, mailed):
    async def token(email, role="analyst"):
        async with kernel.database.control():
            made = await invitations.create(
                kernel, tenant_id=tenant.id, email=email, role=role, invited_by=None, name="Ada"
            )
        return made, token_in((await mailed(email))[-1])

    return token


async def test_an_invitation_is_accepted_once(client, kernel, tenant, invited):
    email = f"{uuid7().hex}@example.com"
    made, token = await invited(email)
    status, signed = await post(client, "/invite", {"token": token, "password": OTHER})
    assert (status, signed["user"]["tenantSlug"], signed["user"]["role"]) == (200, tenant.slug, "analyst")
    assert (await post(client, "/invite", {"token": token, "password": OTHER}))[1]["code"] == "INVALID_LINK"
    async with kernel.database.control():
        user = await User.get(email=email)
        assert (user.name, user.email_verified_at is not None) == ("Ada", True)
        assert not await invitations.revoke(tenant.id, made.id)


async def test_registrations_and_invitations_take_seats(
    client, kernel, registration, invited, mailed, monkeypatch
):
    """Neither makes an account without a seat; both links are good once there is one."""
    registrant, invitee = (f"{uuid7().hex}@example.com" for _ in range(2))
    made, token = await invited(invitee)
    async with kernel.database.control(read_only=True):
        tenant = await Tenant.get(id=made.tenant_id)
    async with registration(registration="open"):
        body = {"email": registrant, "password": OTHER, "name": "N", "tenant": tenant.slug}
        assert (await post(client, "/register", body))[0] == 202
    verification = token_in((await mailed(registrant))[-1])
    acceptance = {"token": token, "password": OTHER}
    with monkeypatch.context() as full:
        full.setattr(kernel.license, "claims", replace(kernel.license.claims, seats=1))
        for status, answer in (
            await verify(client, verification),
            await post(client, "/invite", acceptance),
        ):
            assert (status, answer["code"]) == (409, "SEATS_EXHAUSTED")
        async with kernel.database.control(read_only=True):
            assert not await User.filter(email__in=[registrant, invitee]).exists()
    assert (await verify(client, verification))[0] == 200
    assert (await post(client, "/invite", acceptance))[0] == 200


async def test_a_newer_invitation_or_a_revocation_ends_an_older_one(client, kernel, tenant, invited):
    email = f"{uuid7().hex}@example.com"
    _, older = await invited(email)
    made, newer = await invited(email)
    assert (await post(client, "/invite", {"token": older, "password": OTHER}))[1]["code"] == "INVALID_LINK"
    async with kernel.database.control():
        assert [item.id for item in await invitations.pending(tenant.id) if item.email == email] == [made.id]
        assert await invitations.revoke(tenant.id, made.id)
    assert (await post(client, "/invite", {"token": newer, "password": OTHER}))[1]["code"] == "INVALID_LINK"


async def test_who_has_an_account_accepts_with_its_password(
    client, kernel, tenant, new_tenant, person, mailed
):
    other = await new_tenant(kernel)
    async with kernel.database.control():
        await invitations.create(
            kernel, tenant_id=other.id, email=person.email, role="viewer", invited_by=None
        )
    token = token_in((await mailed(person.email))[-1])
    assert (await post(client, "/invite", {"token": token, "password": OTHER}))[0] == 401
    status, signed = await post(client, "/invite", {"token": token, "password": PASSWORD})
    assert (status, signed["user"]["tenantSlug"]) == (200, other.slug)
    assert {place["slug"] for place in signed["tenants"]} == {tenant.slug, other.slug}
    async with kernel.database.control(read_only=True):
        assert await Membership.filter(user_id=person.id).count() == 2


async def test_a_password_that_must_be_changed_opens_nothing_else(client, kernel, person):
    async with kernel.database.control():
        await User.filter(id=person.id).update(must_change_password=True)
    _, signed = await sign_in(client, person.email)
    headers = {"Authorization": f"Bearer {signed['token']}"}
    async with client.get("/api/jobs", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "PASSWORD_CHANGE_REQUIRED")
    body = {"currentPassword": PASSWORD, "newPassword": OTHER}
    assert (await post(client, "/change-password", body, signed["token"]))[0] == 204
    async with client.get("/api/jobs", headers=headers) as answer:
        assert answer.status == 200
