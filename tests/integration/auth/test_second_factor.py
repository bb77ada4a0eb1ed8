"""The second factor: set up, asked for at sign-in, never taken twice, replaced and taken away."""

import time
from contextlib import asynccontextmanager

import pyotp
import pytest
import pytest_asyncio

from threatweaver.auth import service
from threatweaver.auth.login.models import LoginStep
from threatweaver.auth.models import User
from threatweaver.ids import uuid7
from threatweaver.notify.mail import service as mail
from threatweaver.notify.mail.models import Mail

PASSWORD = "correct horse battery"


@asynccontextmanager
async def without_cookies(client):
    client.session.cookie_jar.clear()
    yield
    client.session.cookie_jar.clear()


async def post(client, path, body, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with without_cookies(client), client.post(f"/api/auth{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json() if answer.status != 204 else None


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant):
    return await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="analyst",
        tenant_id=tenant.id,
    )


async def sign_in(client, person):
    status, body = await post(client, "/login", {"email": person.email, "password": PASSWORD})
    assert status == 200, body
    return body


@pytest.fixture
def forget_the_counter(kernel, person):
    """A function: what thirty seconds do to the last code taken."""

    async def forget():
        async with kernel.database.control():
            await User.filter(id=person.id).update(mfa_counter=0)

    return forget


@pytest_asyncio.fixture(loop_scope="session")
async def secured(client, person, forget_the_counter):
    """The secret and the recovery codes of a person who has set the second factor up."""
    token = (await sign_in(client, person))["token"]
    _, made = await post(client, "/mfa/setup", {}, token)
    status, body = await post(client, "/mfa/enable", {"code": pyotp.TOTP(made["secret"]).now()}, token)
    assert status == 200, body
    await forget_the_counter()
    return made["secret"], body["recoveryCodes"], token


async def test_setting_up_shows_secret_uri_and_picture(client, person):
    token = (await sign_in(client, person))["token"]
    status, made = await post(client, "/mfa/setup", {}, token)
    assert (status, made["qrCode"][:26]) == (200, "data:image/svg+xml;base64,")
    assert made["secret"] in made["otpauthUri"]
    _, again = await post(client, "/mfa/setup", {"qrCode": "png"}, token)
    assert again["qrCode"].startswith("data:image/png;base64,iVBOR")
    assert again["secret"] != made["secret"]


async def aged(kernel, person):
    """Let a person's sessions be older than five minutes, and this process notice at once."""
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE session SET created_at = created_at - interval '5 minutes' WHERE user_id = $1", person.id
        )
    kernel.identifier.forget()


async def test_five_minutes_after_signing_in_setting_up_asks_who_it_is(client, kernel, person):
    token = (await sign_in(client, person))["token"]
    await aged(kernel, person)
    for given, expected in (
        ({}, (403, "REAUTHENTICATION_NEEDED")),
        ({"password": "wrong horse battery"}, (401, "INVALID_CREDENTIALS")),
        ({"password": PASSWORD}, (200, None)),
    ):
        status, body = await post(client, "/mfa/setup", given, token)
        assert (status, body.get("code")) == expected


async def test_a_change_of_tenant_is_no_fresh_sign_in(client, kernel, tenant, person):
    token = (await sign_in(client, person))["token"]
    await aged(kernel, person)
    status, moved = await post(client, "/switch-tenant", {"tenantId": str(tenant.id)}, token)
    assert status == 200
    assert (await post(client, "/mfa/setup", {}, moved["token"]))[1]["code"] == "REAUTHENTICATION_NEEDED"


async def test_who_has_no_password_signs_in_anew(client, kernel, person):
    token = (await sign_in(client, person))["token"]
    async with kernel.database.control():
        await User.filter(id=person.id).update(password_hash="-")
    assert (await post(client, "/mfa/setup", {}, token))[0] == 200
    await aged(kernel, person)
    assert (await post(client, "/mfa/setup", {}, token))[1]["code"] == "REAUTHENTICATION_NEEDED"


async def test_the_owner_is_told_of_the_second_factor(client, kernel, person, secured, forget_the_counter):
    secret, _, token = secured
    code = pyotp.TOTP(secret).now()
    assert (await post(client, "/mfa/disable", {"password": PASSWORD, "code": code}, token))[0] == 204
    async with kernel.database.control(read_only=True):
        mails = await Mail.filter(recipient=person.email).order_by("created_at", "id")
    subjects = [mail.read(kernel, row).subject for row in mails]
    assert subjects == [f"Your ThreatWeaver second factor was {done}" for done in ("turned on", "taken away")]


async def test_it_counts_only_after_its_first_good_code(client, person):
    token = (await sign_in(client, person))["token"]
    await post(client, "/mfa/setup", {}, token)
    assert (await post(client, "/mfa/enable", {"code": "000000"}, token))[0] == 401
    assert "token" in await sign_in(client, person)


async def test_a_code_completes_the_sign_in(client, person, secured):
    secret, _, _ = secured
    pending = await sign_in(client, person)
    assert set(pending) == {"mfaRequired", "mfaToken"}
    given = {"mfaToken": pending["mfaToken"], "code": pyotp.TOTP(secret).now()}
    status, body = await post(client, "/mfa/validate", given)
    assert (status, body["user"]["email"]) == (200, person.email)


async def test_a_code_is_taken_once(client, person, secured):
    secret, _, _ = secured
    code = pyotp.TOTP(secret).now()
    first, second = await sign_in(client, person), await sign_in(client, person)
    assert (await post(client, "/mfa/validate", {"mfaToken": first["mfaToken"], "code": code}))[0] == 200
    status, body = await post(client, "/mfa/validate", {"mfaToken": second["mfaToken"], "code": code})
    assert (status, body["code"]) == (401, "INVALID_MFA_CODE")


async def test_the_code_of_the_step_before_is_taken_and_an_older_one_is_not(client, person, secured):
    secret, _, _ = secured
    pending = await sign_in(client, person)
    old = pyotp.TOTP(secret).at(time.time() - 90)
    assert (await post(client, "/mfa/validate", {**token_of(pending), "code": old}))[0] == 401
    before = pyotp.TOTP(secret).at(time.time() - 30)
    assert (await post(client, "/mfa/validate", {**token_of(pending), "code": before}))[0] == 200


def token_of(pending):
    return {"mfaToken": pending["mfaToken"]}


async def test_a_token_completes_one_sign_in_only(client, person, secured, forget_the_counter):
    secret, codes, _ = secured
    pending = await sign_in(client, person)
    assert (await post(client, "/mfa/validate", {**token_of(pending), "recoveryCode": codes[0]}))[0] == 200
    await forget_the_counter()
    given = {**token_of(pending), "code": pyotp.TOTP(secret).now()}
    status, body = await post(client, "/mfa/validate", given)
    assert (status, body["code"]) == (401, "INVALID_STEP_TOKEN")


async def test_a_token_takes_five_attempts(client, person, secured):
    secret, _, _ = secured
    pending = await sign_in(client, person)
    for _ in range(5):
        status, body = await post(client, "/mfa/validate", {**token_of(pending), "code": "000000"})
        assert (status, body["code"]) == (401, "INVALID_MFA_CODE")
    given = {**token_of(pending), "code": pyotp.TOTP(secret).now()}
    assert (await post(client, "/mfa/validate", given))[1]["code"] == "INVALID_STEP_TOKEN"


async def test_a_token_of_somebody_else_is_no_use_for_a_code(client, kernel, tenant, person, secured):
    secret, _, _ = secured
    other = await service.create_user(
        kernel.database,
        email=f"{uuid7().hex}@example.com",
        password=PASSWORD,
        role="admin",
        tenant_id=tenant.id,
    )
    token = (await sign_in(client, other))["token"]
    _, made = await post(client, "/mfa/setup", {}, token)
    await post(client, "/mfa/enable", {"code": pyotp.TOTP(made["secret"]).now()}, token)
    pending = await sign_in(client, other)
    given = {**token_of(pending), "code": pyotp.TOTP(secret).now()}
    assert (await post(client, "/mfa/validate", given))[1]["code"] == "INVALID_MFA_CODE"


async def test_a_token_lives_five_minutes(client, kernel, person, secured):
    secret, _, _ = secured
    pending = await sign_in(client, person)
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE login_step SET expires_at = expires_at - interval '5 minutes' WHERE user_id = $1",
            person.id,
        )
    given = {**token_of(pending), "code": pyotp.TOTP(secret).now()}
    assert (await post(client, "/mfa/validate", given))[1]["code"] == "INVALID_STEP_TOKEN"


async def test_the_token_is_no_access_token(client, person, secured):
    pending = await sign_in(client, person)
    headers = {"Authorization": f"Bearer {pending['mfaToken']}"}
    async with client.get("/api/auth/me", headers=headers) as answer:
        assert answer.status == 401


async def test_a_recovery_code_is_taken_once_however_it_is_typed(client, person, secured):
    _, codes, _ = secured
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ")
    for expected in (200, 401):
        pending = await sign_in(client, person)
        status, _ = await post(client, "/mfa/validate", {**token_of(pending), "recoveryCode": typed})
        assert status == expected


async def test_new_recovery_codes_replace_the_old_ones(client, person, secured, forget_the_counter):
    secret, codes, token = secured
    status, body = await post(client, "/mfa/recovery-codes", {"code": pyotp.TOTP(secret).now()}, token)
    assert (status, len(body["recoveryCodes"])) == (200, 10)
    pending = await sign_in(client, person)
    for code, expected in ((codes[0], 401), (body["recoveryCodes"][0], 200)):
        status, _ = await post(client, "/mfa/validate", {**token_of(pending), "recoveryCode": code})
        assert status == expected


async def test_taking_it_away_asks_for_password_and_code(client, person, secured, forget_the_counter):
    secret, _, token = secured
    code = pyotp.TOTP(secret).now()
    wrong = {"password": "wrong horse battery", "code": code}
    assert (await post(client, "/mfa/disable", wrong, token))[1]["code"] == "INVALID_CREDENTIALS"
    wrong = {"password": PASSWORD, "code": "000000"}
    assert (await post(client, "/mfa/disable", wrong, token))[1]["code"] == "INVALID_MFA_CODE"
    assert "mfaToken" in await sign_in(client, person)
    assert (await post(client, "/mfa/disable", {"password": PASSWORD, "code": code}, token))[0] == 204
    assert "token" in await sign_in(client, person)


async def test_what_is_stored_is_sealed_or_hashed(kernel, secured, person):
    secret, codes, _ = secured
    async with kernel.database.control(read_only=True) as unit:
        user = await User.get(id=person.id)
        kept = await unit.connection.fetch(
            "SELECT r::text FROM mfa_recovery_code r WHERE user_id = $1", person.id
        )
    assert secret not in user.mfa_secret
    assert not any(code.replace("-", "") in row["r"] for code in codes for row in kept)


async def test_a_deactivated_user_cannot_complete_a_sign_in(client, kernel, person, secured):
    secret, _, _ = secured
    pending = await sign_in(client, person)
    async with kernel.database.control():
        await User.filter(id=person.id).update(is_active=False)
    given = {**token_of(pending), "code": pyotp.TOTP(secret).now()}
    assert (await post(client, "/mfa/validate", given))[0] == 401
    async with kernel.database.control(read_only=True):
        assert await LoginStep.filter(user_id=person.id).count() == 1
