"""Users of a tenant: making, changing, deactivating them, within one's own rights and the seats."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.license.current import CurrentLicense
from threatweaver.tenancy import operators, provision

PASSWORD = "a long and unusual passphrase 9"


def address():
    return f"{uuid7().hex}@example.com"


@pytest.fixture
def made(call, admin):
    """A function: the row of a new user."""

    async def create(**options):
        status, answer = await call(
            "POST", "/admin/users", admin, {"email": address(), "role": "viewer", **options}
        )
        assert status == 201, answer
        return answer["data"]

    return create


@pytest.fixture
def helpdesk(call, admin, person):
    """A function: somebody who may change users, and holds what a viewer holds."""

    async def create():
        name = f"r{uuid7().hex[-12:]}"
        viewer = next(
            row for row in (await call("GET", "/admin/roles", admin))[1]["data"] if row["name"] == "viewer"
        )
        permissions = [*viewer["permissions"], "kernel:user:read", "kernel:user:write"]
        body = {"name": name, "title": "Help desk", "permissions": permissions}
        assert (await call("POST", "/admin/roles", admin, body))[0] == 201
        return await person(name)

    return create


async def test_the_life_of_a_user(call, admin, made, kernel):
    row = await made(name="Ada")
    path = f"/admin/users/{row['id']}"
    assert (row["name"], row["role"], row["active"], row["lastUsedAt"]) == ("Ada", "viewer", True, None)
    status, answer = await call("PUT", path, admin, {"role": "analyst", "name": "Ada L."})
    assert (status, answer["data"]["role"], answer["data"]["name"]) == (200, "analyst", "Ada L.")
    assert (await call("DELETE", path, admin))[0] == 204
    _, answer = await call("GET", path, admin)
    assert (answer["data"]["active"], answer["data"]["role"]) == (False, "analyst")
    _, listed = await call("GET", f"/admin/users?active=false&search={row['email']}", admin)
    assert [item["id"] for item in listed["data"]] == [row["id"]]
    status, answer = await call("POST", f"{path}/reactivate", admin)
    assert (status, answer["data"]["active"]) == (200, True)


async def test_a_password_that_somebody_else_chose_must_be_changed(client, call, made):
    row = await made(password=PASSWORD)
    client.session.cookie_jar.clear()
    status, answer = await call("POST", "/auth/login", None, {"email": row["email"], "password": PASSWORD})
    client.session.cookie_jar.clear()
    assert status == 200
    headers = {"Authorization": f"Bearer {answer['token']}"}
    status, answer = await call("GET", "/jobs", headers)
    assert (status, answer["code"]) == (403, "PASSWORD_CHANGE_REQUIRED")


async def test_without_a_password_a_link_is_mailed(made, kernel):
    row = await made()
    async with kernel.database.control(read_only=True) as unit:
        links = await unit.connection.fetchval("SELECT count(*) FROM mail_link WHERE user_id = $1", row["id"])
        stored = await unit.connection.fetchval(
            "SELECT password_hash FROM user_account WHERE id = $1", row["id"]
        )
    assert (links, stored) == (1, "-")


async def test_deactivation_ends_sessions_and_tokens_for_good(call, admin, person, token_of, kernel):
    someone = await person("viewer")
    token, _ = await token_of(someone, ["kernel:job:read"])
    assert (await call("DELETE", f"/admin/users/{someone.id}", admin))[0] == 204
    kernel.identifier.forget()
    assert [(await call("GET", "/jobs", headers))[0] for headers in (someone.headers, token)] == [401, 401]
    assert (await call("POST", f"/admin/users/{someone.id}/reactivate", admin))[0] == 200
    kernel.identifier.forget()
    assert [(await call("GET", "/jobs", headers))[0] for headers in (someone.headers, token)] == [401, 401]


async def test_a_forced_reset_voids_password_and_sessions(call, admin, person, kernel):
    someone = await person("viewer")
    assert (await call("POST", f"/admin/users/{someone.id}/reset-password", admin))[0] == 204
    kernel.identifier.forget()
    assert (await call("GET", "/jobs", someone.headers))[0] == 401
    async with kernel.database.control(read_only=True):
        assert (await User.get(id=someone.id)).password_hash == "-"


async def test_sessions_of_a_user_are_seen_and_ended(call, admin, person, kernel):
    someone = await person("viewer")
    path = f"/admin/users/{someone.id}/sessions"
    assert len((await call("GET", path, admin))[1]["data"]) == 1
    assert (await call("DELETE", path, admin))[0] == 204
    kernel.identifier.forget()
    assert (await call("GET", "/jobs", someone.headers))[0] == 401
    assert (await call("GET", path, admin))[1]["data"] == []


async def test_nobody_acts_on_somebody_with_more_rights(call, person, helpdesk):
    acting, boss = await helpdesk(), await person("admin")
    path = f"/admin/users/{boss.id}"
    for method, target, body in [
        ("PUT", path, {"role": "viewer"}),
        ("PUT", path, {"email": address()}),
        ("DELETE", path, None),
        ("POST", f"{path}/reset-password", None),
        ("POST", f"{path}/reset-mfa", None),
        ("DELETE", f"{path}/sessions", None),
    ]:
        status, answer = await call(method, target, acting.headers, body)
        assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS"), target


async def test_an_administrator_who_is_no_operator_does_not_act_on_one(call, person, kernel, tenant):
    acting, operator = await person("admin"), await person("admin")
    async with kernel.database.control():
        user = await User.get(id=operator.id)
        await operators.grant(user.email, tenant)
    path = f"/admin/users/{operator.id}"
    for method, target, body in [
        ("PUT", path, {"email": address()}),
        ("DELETE", path, None),
        ("POST", f"{path}/reset-password", None),
        ("POST", f"{path}/reset-mfa", None),
    ]:
        status, answer = await call(method, target, acting.headers, body)
        assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS"), target
    async with kernel.database.control():
        await operators.revoke(user.email)
    assert (await call("DELETE", path, acting.headers, None))[0] in (200, 204)


async def test_nobody_gives_a_role_above_their_own(call, helpdesk, made):
    acting, row = await helpdesk(), await made()
    attempts = [
        ("PUT", f"/admin/users/{acting.id}", {"role": "admin"}),
        ("PUT", f"/admin/users/{row['id']}", {"role": "admin"}),
        ("POST", "/admin/users", {"email": address(), "role": "admin"}),
        ("POST", "/admin/invitations", {"email": address(), "role": "admin"}),
    ]
    for method, path, body in attempts:
        status, answer = await call(method, path, acting.headers, body)
        assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS"), path
    assert (await call("PUT", f"/admin/users/{row['id']}", acting.headers, {"name": "Fine"}))[0] == 200


@pytest.fixture
async def small(kernel, as_role, call):
    """A tenant of its own with two administrators: [(id, headers), …]."""
    slug = f"t-{uuid7().hex[-12:]}"
    tenant = await provision.create(kernel.database, slug=slug, name=slug, apps=kernel.registry.apps)
    headers = [await as_role("admin", tenant) for _ in range(2)]
    return [((await call("GET", "/auth/me", one))[1]["id"], one) for one in headers]


async def test_the_last_administrator_stays(call, small):
    (_, first), (second_id, _) = small
    first_id = small[0][0]
    assert (await call("DELETE", f"/admin/users/{second_id}", first))[0] == 204
    for method, body in (("DELETE", None), ("PUT", {"role": "viewer"})):
        status, answer = await call(method, f"/admin/users/{first_id}", first, body)
        assert (status, answer["code"]) == (409, "LAST_ADMIN")


async def test_two_administrators_who_demote_each_other_at_once_leave_one(call, small, kernel):
    (first_id, first), (second_id, second) = small
    answers = await asyncio.gather(
        call("PUT", f"/admin/users/{second_id}", first, {"role": "viewer"}),
        call("PUT", f"/admin/users/{first_id}", second, {"role": "viewer"}),
        call("DELETE", f"/admin/users/{second_id}", first),
        call("DELETE", f"/admin/users/{first_id}", second),
    )
    assert any(status in (401, 403, 409) for status, _ in answers)
    async with kernel.database.control(read_only=True):
        left = await Membership.filter(
            user_id__in=[first_id, second_id], role="admin", deactivated_at__isnull=True
        ).count()
    assert left == 1


async def test_seats_are_exact_under_parallel_creates(kernel, as_role, tenant):
    async with kernel.database.control(read_only=True) as unit:
        used = await unit.connection.fetchval(
            """SELECT count(*) FROM user_account u WHERE u.is_active AND EXISTS (
               SELECT FROM membership m WHERE m.user_id = u.id AND m.deactivated_at IS NULL)"""
        )
    claims = replace(kernel.license.claims, seats=used + 4)  # one for the administrator made below
    headers = await as_role("admin", tenant)
    under = replace(kernel, license=CurrentLicense(claims))
    async with TestClient(TestServer(application.build(under))) as client:

        async def create():
            body = {"email": address(), "role": "viewer"}
            async with client.post("/api/admin/users", json=body, headers=headers) as answer:
                return answer.status, (await answer.json()).get("code"), (await answer.json()).get("data")

        answers = await asyncio.gather(*(create() for _ in range(10)))
        assert sorted(status for status, _, _ in answers) == [201] * 3 + [409] * 7
        assert {code for status, code, _ in answers if status == 409} == {"SEATS_EXHAUSTED"}
        someone = next(row for _, _, row in answers if row)
        async with client.delete(f"/api/admin/users/{someone['id']}", headers=headers) as answer:
            assert answer.status == 204
        assert (await create())[0] == 201
        path = f"/api/admin/users/{someone['id']}/reactivate"
        async with client.post(path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (409, "SEATS_EXHAUSTED")


async def test_an_account_that_opens_doors_elsewhere_is_its_owners_alone(
    call, admin, person, other_tenant, kernel, stranger
):
    someone = await person("viewer")
    async with kernel.database.control():
        await Membership.create(user_id=someone.id, tenant_id=other_tenant.id, role="viewer")
    path = f"/admin/users/{someone.id}"
    for headers in (admin, stranger):
        for method, target, body in [
            ("PUT", path, {"email": address()}),
            ("PUT", path, {"name": "x"}),
            ("POST", f"{path}/reset-password", None),
            ("POST", f"{path}/reset-mfa", None),
        ]:
            status, answer = await call(method, target, headers, body)
            assert (status, answer["code"]) == (409, "PERSON_SHARED"), target
    assert (await call("PUT", path, stranger, {"role": "analyst"}))[0] == 200
    assert (await call("DELETE", path, stranger))[0] == 204
    _, answer = await call("GET", path, admin)
    assert (answer["data"]["role"], answer["data"]["active"]) == ("viewer", True)


async def test_an_address_is_taken_once(call, admin, made, stranger):
    row = await made()
    body = {"email": row["email"].upper(), "role": "viewer"}
    status, answer = await call("POST", "/admin/users", admin, body)
    assert (status, answer["code"]) == (409, "USER_EXISTS")
    status, answer = await call("POST", "/admin/users", stranger, body)
    assert (status, answer["code"]) == (409, "EMAIL_IN_USE")
    other = await made()
    status, answer = await call("PUT", f"/admin/users/{other['id']}", admin, {"email": row["email"]})
    assert (status, answer["code"]) == (409, "EMAIL_IN_USE")


async def test_the_export_holds_every_user_and_no_formula(client, admin, made):
    row = await made(name="=cmd|' /C calc'!A0")
    async with client.get("/api/admin/users/export", headers=admin) as answer:
        text = await answer.text()
        assert answer.content_type == "text/csv"
    line = next(line for line in text.splitlines() if row["email"] in line)
    assert ",'=cmd" in line


async def test_invitations_are_listed_resent_and_taken_back(call, admin, made):
    email = address()
    status, answer = await call("POST", "/admin/invitations", admin, {"email": email, "role": "analyst"})
    assert (status, answer["data"]["email"]) == (201, email)
    first = answer["data"]["id"]
    status, answer = await call("POST", f"/admin/invitations/{first}/resend", admin)
    second = answer["data"]["id"]
    assert (status, second != first) == (200, True)
    _, listed = await call("GET", "/admin/invitations", admin)
    assert [row["id"] for row in listed["data"] if row["email"] == email] == [second]
    assert (await call("DELETE", f"/admin/invitations/{second}", admin))[0] == 204
    assert (await call("DELETE", f"/admin/invitations/{second}", admin))[0] == 404
    status, answer = await call(
        "POST", "/admin/invitations", admin, {"email": (await made())["email"], "role": "viewer"}
    )
    assert (status, answer["code"]) == (409, "USER_EXISTS")


async def test_me_says_who_one_is_and_what_one_may(call, person, token_of):
    someone = await person("viewer")
    _, me = await call("GET", "/me", someone.headers)
    assert (me["email"], me["tokenId"], len(me["tenants"])) == (someone.email, None, 1)
    status, answer = await call("PUT", "/me", someone.headers, {"name": "New name"})
    assert (status, answer["name"]) == (200, "New name")
    headers, made = await token_of(someone, ["kernel:job:read"])
    _, me = await call("GET", "/me", headers)
    assert (me["tokenId"], me["permissions"], me["scoped"]) == (made["id"], ["kernel:job:read"], [])
    assert (await call("GET", "/me/permissions", headers))[1]["permissions"] == ["kernel:job:read"]
