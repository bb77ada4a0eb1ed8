"""An account that somebody made for an address, and used, is its owner's alone from the first proof on."""

import asyncio
import re

import pyotp
import pytest
import pytest_asyncio

from threatweaver.auth import service
from threatweaver.auth.account import invitations
from threatweaver.auth.mfa.models import RecoveryCode
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.notify.mail import service as mail
from threatweaver.notify.mail.models import Mail

PASSWORD = "correct horse battery"
OTHER = "nine brave otters sing"


async def call(client, method, path, body=None, token=None, **headers):
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with client.request(method, f"/api{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json() if answer.content_type.endswith("json") else None


@pytest.fixture
def tokens(kernel):
    """A function: the tokens of the links that were mailed to an address, the newest last."""

    async def mailed(email):
        return re.findall(r"token=(\S+)", "".join(await texts_to(kernel, email)))

    return mailed


async def texts_to(kernel, email):
    async with kernel.database.control(read_only=True):
        rows = await Mail.filter(recipient=email).order_by("created_at", "id")
    return [mail.read(kernel, row).text for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def account(kernel, tenant):
    """An account of somebody whose mailbox nobody has proven."""
    return await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="admin",
        tenant_id=tenant.id,
    )


async def sign_in(client, email, password=PASSWORD):
    return await call(client, "POST", "/auth/login", {"email": email, "password": password})


async def settle_in(client, account):
    """Sign in and leave behind what lasts: a session, an API token, a second factor."""
    status, signed = await sign_in(client, account.email)
    assert status == 200, signed
    token = signed["token"]
    _, made = await call(client, "POST", "/tokens", {"name": "t", "scopes": ["kernel:job:read"]}, token)
    _, setup = await call(client, "POST", "/auth/mfa/setup", {}, token)
    code = pyotp.TOTP(setup["secret"]).now()
    assert (await call(client, "POST", "/auth/mfa/enable", {"code": code}, token))[0] == 200
    return token, made["data"]["secret"]


async def lives(client, kernel, session, secret):
    kernel.identifier.forget()
    return (
        (await call(client, "GET", "/auth/me", token=session))[0],
        (await call(client, "GET", "/jobs", **{"X-API-Key": secret}))[0],
    )


async def reset(client, account, tokens, password=OTHER):
    assert (await call(client, "POST", "/auth/forgot-password", {"email": account.email}))[0] == 202
    body = {"token": (await tokens(account.email))[-1], "password": password}
    assert (await call(client, "POST", "/auth/reset-password", body))[0] == 204


async def test_the_first_reset_ends_what_a_stranger_left_behind(client, kernel, account, tokens):
    left = await settle_in(client, account)
    assert await lives(client, kernel, *left) == (200, 200)
    _, pending = await sign_in(client, account.email)
    await reset(client, account, tokens)
    assert await lives(client, kernel, *left) == (401, 401)
    proof = {"mfaToken": pending["mfaToken"], "code": "000000"}
    assert (await call(client, "POST", "/auth/mfa/validate", proof))[1]["code"] == "INVALID_STEP_TOKEN"
    status, signed = await sign_in(client, account.email, OTHER)
    assert (status, "token" in signed) == (200, True)
    async with kernel.database.control(read_only=True):
        assert not await RecoveryCode.filter(user_id=account.id).exists()
        assert (await User.get(id=account.id)).mfa_secret is None
    told = "\n".join(await texts_to(kernel, account.email))
    assert "second factor of your account was taken away" in told


async def test_a_later_reset_ends_sessions_alone_even_after_a_change_of_address(
    client, kernel, account, tokens, admin
):
    """Whoever may change an address gets past no second factor by it."""
    await reset(client, account, tokens, PASSWORD)
    session, secret = await settle_in(client, account)
    account.email = f"{uuid7().hex}@example.com"
    status, _ = await call(
        client, "PUT", f"/admin/users/{account.id}", {"email": account.email}, admin["Authorization"][7:]
    )
    assert status == 200
    await reset(client, account, tokens)
    assert await lives(client, kernel, session, secret) == (401, 200)
    assert (await sign_in(client, account.email, OTHER))[1]["mfaRequired"]


async def test_a_click_alone_proves_no_account_that_somebody_else_made(client, kernel, account, tokens):
    """It would leave a stranger's password and second factor in place, from then on for good."""
    left = await settle_in(client, account)
    await call(client, "POST", "/auth/resend-verification", {"email": account.email})
    [link] = await tokens(account.email)
    status, verified = await call(client, "GET", f"/auth/verify-email?token={link}")
    assert (status, verified["email"]) == (200, account.email)
    async with kernel.database.control(read_only=True):
        assert (await User.get(id=account.id)).email_verified_at is None
    body = {"token": verified["resetToken"], "password": OTHER}
    assert (await call(client, "POST", "/auth/reset-password", body))[0] == 204
    assert await lives(client, kernel, *left) == (401, 401)
    async with kernel.database.control(read_only=True):
        assert (await User.get(id=account.id)).email_verified_at is not None


async def test_a_changed_address_of_a_proven_account_is_verified_by_a_click(client, kernel, account, tokens):
    await reset(client, account, tokens)
    async with kernel.database.control():
        await User.filter(id=account.id).update(email_verified_at=None)
    await call(client, "POST", "/auth/resend-verification", {"email": account.email})
    link = (await tokens(account.email))[-1]
    status, verified = await call(client, "GET", f"/auth/verify-email?token={link}")
    assert (status, verified) == (200, {"email": account.email, "resetToken": None})
    async with kernel.database.control(read_only=True):
        assert (await User.get(id=account.id)).email_verified_at is not None


@pytest.mark.parametrize("proven", [False, True])
async def test_accepting_an_invitation_is_a_proof_too(client, kernel, account, tokens, new_tenant, proven):
    if proven:
        await reset(client, account, tokens, PASSWORD)
    left = await settle_in(client, account)
    other = await new_tenant(kernel)
    async with kernel.database.control():
        await invitations.create(
            kernel, tenant_id=other.id, email=account.email, role="viewer", invited_by=None
        )
    body = {"token": (await tokens(account.email))[-1], "password": PASSWORD}
    status, signed = await call(client, "POST", "/auth/invite", body)
    assert (status, "mfaRequired" in signed) == (200, proven)
    assert await lives(client, kernel, *left) == ((200, 200) if proven else (401, 401))
    async with kernel.database.control(read_only=True):
        assert await Membership.filter(user_id=account.id).count() == 2


@pytest.mark.parametrize("way", ["token", "factor"])
async def test_a_session_that_just_ended_makes_nothing_that_outlives_it(client, kernel, account, way):
    """Processes remember a good session for three seconds; the reset has ended it."""
    _, signed = await sign_in(client, account.email)
    _, setup = await call(client, "POST", "/auth/mfa/setup", {}, signed["token"])
    async with kernel.database.control() as unit:
        await unit.connection.execute("UPDATE session SET revoked_at = now() WHERE user_id = $1", account.id)
    if way == "token":
        path, body = "/tokens", {"name": "t", "scopes": ["kernel:job:read"]}
    else:
        path, body = "/auth/mfa/enable", {"code": pyotp.TOTP(setup["secret"]).now()}
    status, refused = await call(client, "POST", path, body, signed["token"])
    assert (status, refused["code"]) == (401, "INVALID_TOKEN")


async def test_who_makes_a_token_while_the_session_ends_waits_and_gets_none(client, kernel, account):
    _, signed = await sign_in(client, account.email)
    body = {"name": "t", "scopes": ["kernel:job:read"]}
    async with kernel.database.control() as unit:
        await unit.connection.execute("UPDATE session SET revoked_at = now() WHERE user_id = $1", account.id)
        making = asyncio.create_task(call(client, "POST", "/tokens", body, signed["token"]))
        async with asyncio.timeout(10):
            waits = "SELECT true FROM pg_locks WHERE NOT granted LIMIT 1"
            while not await unit.connection.fetchval(waits):  # noqa: ASYNC110 - nobody announces a wait
                await asyncio.sleep(0)
    assert (await making)[0] == 401
