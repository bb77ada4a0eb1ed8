"""What a mailed token does comes with its audit line or not at all."""

import re

import pytest
import pytest_asyncio

from threatweaver.auth import service
from threatweaver.auth.account import invitations
from threatweaver.ids import uuid7
from threatweaver.notify.mail import service as mail
from threatweaver.notify.mail.models import Mail

PASSWORD = "correct horse battery"
OTHER = "nine brave otters sing"


@pytest.fixture
def send(client):
    async def sent(method, path, **options):
        async with client.request(method, f"/api{path}", **options) as answer:
            return answer.status

    return sent


@pytest.fixture
def token_of(kernel):
    """A function: the token of the last mail to an address."""

    async def found(email):
        async with kernel.database.control(read_only=True):
            row = await Mail.filter(recipient=email).order_by("-created_at", "-id").first()
        return re.search(r"token=(\S+)", mail.read(kernel, row).text)[1]

    return found


@pytest.fixture
def email():
    return f"{uuid7().hex}@example.com"


@pytest_asyncio.fixture(loop_scope="session")
async def person(kernel, tenant, email):
    return await service.create_user(
        kernel.database, email=email, password=PASSWORD, role="viewer", tenant_id=tenant.id
    )


@pytest_asyncio.fixture(loop_scope="session")
async def open_tenant(tenant, admin, send):
    opened = {"values": {"registration": "open"}}
    assert await send("PUT", "/admin/settings", json=opened, headers=admin) == 200
    return tenant


async def test_verifying(kernel, open_tenant, email, send, token_of, line_or_nothing):
    tenant = open_tenant
    body = {"email": email, "password": OTHER, "name": "N", "tenant": tenant.slug}
    assert await send("POST", "/auth/register", json=body) == 202
    params = {"token": await token_of(email)}

    async def attempt():
        return await send("GET", "/auth/verify-email", params=params)

    await line_or_nothing(kernel, tenant, attempt, action="auth_verify_email_get", good=200)


async def test_accepting(kernel, tenant, email, send, token_of, line_or_nothing):
    async with kernel.database.control():
        await invitations.create(kernel, tenant_id=tenant.id, email=email, role="viewer", invited_by=None)
    body = {"token": await token_of(email), "password": OTHER}

    async def attempt():
        return await send("POST", "/auth/invite", json=body)

    await line_or_nothing(kernel, tenant, attempt, action="auth_invite_accept", good=200)


async def test_resetting(kernel, tenant, person, send, token_of, line_or_nothing):
    assert await send("POST", "/auth/forgot-password", json={"email": person.email}) == 202
    body = {"token": await token_of(person.email), "password": OTHER}

    async def attempt():
        return await send("POST", "/auth/reset-password", json=body)

    await line_or_nothing(kernel, tenant, attempt, action="auth_reset_password_post", good=204)


async def test_a_replay_revokes_with_its_line_or_not_at_all(kernel, tenant, person, client, line_or_nothing):
    body = {"email": person.email, "password": PASSWORD}
    async with client.post("/api/auth/login", json=body) as answer:
        headers = {"Cookie": f"refreshToken={answer.cookies['refreshToken'].value}"}

    async def attempt():
        async with client.post("/api/auth/refresh", headers=headers) as answer:
            return answer.status

    assert await attempt() == 200
    await line_or_nothing(kernel, tenant, attempt, action="auth_refresh_replay", good=401)
