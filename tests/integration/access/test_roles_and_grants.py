"""Roles, groups and grants: what they give, and that nobody gives what they do not hold."""

import asyncio

import pytest

from threatweaver.auth.models import Membership
from threatweaver.auth.roles import Role
from threatweaver.ids import uuid7

READ, CANCEL = "kernel:job:read", "kernel:job:cancel"
TOKENS = "kernel:token:read"
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def role_of(call, admin):
    """A function: the name of a new role with these permissions."""

    async def made(*permissions):
        name = f"r{uuid7().hex[-12:]}"
        body = {"name": name, "title": "Some role", "permissions": list(permissions)}
        status, answer = await call("POST", "/admin/roles", admin, body)
        assert status == 201, answer
        return name

    return made


@pytest.fixture
def deputy(person, role_of):
    """A function: somebody who may change roles, grants and groups, and holds these permissions beside."""

    async def made(*permissions):
        powers = [f"kernel:{what}:{how}" for what in ("role", "grant", "group") for how in ("read", "write")]
        return await person(await role_of(*powers, *permissions))

    return made


@pytest.fixture
def nobody(person):
    """A function: a member without any right."""

    async def made():
        return await person("nothing")

    return made


@pytest.fixture
def held(call, kernel):
    """A function: the permissions of a person, now."""

    async def made(someone):
        kernel.identifier.forget()
        return set((await call("GET", "/auth/me", someone.headers))[1]["permissions"])

    return made


async def test_a_role_of_ones_own_gives_what_it_names(call, person, role_of, held):
    someone = await person(await role_of(READ))
    assert await held(someone) == {READ}
    assert (await call("GET", "/jobs", someone.headers))[0] == 200
    assert (await call("GET", "/assets", someone.headers))[0] == 403


async def test_permissions_add_up_over_membership_grants_and_groups(call, admin, person, role_of, held):
    someone = await person(await role_of(READ))
    grant = {"userId": someone.id, "role": await role_of(CANCEL)}
    assert (await call("POST", "/admin/grants", admin, grant))[0] == 201
    _, group = await call("POST", "/admin/groups", admin, {"name": uuid7().hex})
    path = f"/admin/groups/{group['data']['id']}"
    given = {"groupId": group["data"]["id"], "role": await role_of(TOKENS)}
    assert (await call("POST", "/admin/grants", admin, given))[0] == 201
    status, answer = await call("POST", f"{path}/members", admin, {"userIds": [someone.id]})
    assert (status, answer["data"]["members"]) == (200, 1)
    assert await held(someone) == {READ, CANCEL, TOKENS}
    await call("POST", f"{path}/remove-members", admin, {"userIds": [someone.id]})
    assert await held(someone) == {READ, CANCEL}


async def test_what_is_taken_back_is_gone(call, admin, nobody, role_of, held):
    someone, role = await nobody(), await role_of(READ)
    _, made = await call("POST", "/admin/grants", admin, {"userId": someone.id, "role": role})
    assert await held(someone) == {READ}
    assert (await call("DELETE", f"/admin/grants/{made['data']['id']}", admin))[0] == 204
    assert await held(someone) == set()
    _, group = await call("POST", "/admin/groups", admin, {"name": uuid7().hex})
    group_id = group["data"]["id"]
    await call("POST", "/admin/grants", admin, {"groupId": group_id, "role": role})
    await call("POST", f"/admin/groups/{group_id}/members", admin, {"userIds": [someone.id]})
    assert await held(someone) == {READ}
    assert (await call("DELETE", f"/admin/groups/{group_id}", admin))[0] == 204
    assert await held(someone) == set()
    assert (await call("GET", f"/admin/grants?groupId={group_id}", admin))[1]["meta"]["total"] == 0


async def test_a_changed_role_counts_for_those_who_have_it(call, admin, person, role_of, held):
    role = await role_of(READ)
    someone = await person(role)
    status, _ = await call("PUT", "/admin/roles", admin, {"name": role, "permissions": [CANCEL]})
    assert status == 200
    assert await held(someone) == {CANCEL}


async def test_a_change_takes_effect_within_five_seconds_without_being_told(call, admin, person, role_of):
    role = await role_of(READ)
    someone = await person(role)
    assert (await call("GET", "/jobs", someone.headers))[0] == 200
    await call("PUT", "/admin/roles", admin, {"name": role, "permissions": []})
    async with asyncio.timeout(5):
        while (await call("GET", "/jobs", someone.headers))[0] == 200:  # noqa: ASYNC110 - nobody tells it
            await asyncio.sleep(0.2)


async def test_nobody_makes_a_role_with_more_than_they_hold(call, deputy):
    someone = await deputy(READ)
    body = {"name": f"r{uuid7().hex[-12:]}", "title": "x", "permissions": [READ, CANCEL, TOKENS]}
    status, answer = await call("POST", "/admin/roles", someone.headers, body)
    assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS")
    assert answer["permissions"] == [CANCEL, TOKENS]
    assert (await call("POST", "/admin/roles", someone.headers, {**body, "permissions": [READ]}))[0] == 201


async def test_nobody_adds_to_a_role_or_takes_from_it_what_they_do_not_hold(call, deputy, role_of):
    someone, strong, weak = await deputy(READ), await role_of(READ, TOKENS), await role_of(READ)
    for body in (
        {"name": weak, "permissions": [READ, TOKENS]},
        {"name": strong, "permissions": [READ]},
        {"name": strong, "title": "Renamed"},
    ):
        status, answer = await call("PUT", "/admin/roles", someone.headers, body)
        assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS"), body


async def test_nobody_raises_themselves(call, deputy, role_of, held):
    someone = await deputy(READ)
    before = await held(someone)
    own = {"userId": someone.id}
    attempts = [
        ("POST", "/admin/grants", {**own, "role": "admin"}),
        ("POST", "/admin/grants", {**own, "role": await role_of(TOKENS)}),
        ("POST", "/admin/grants", {**own, "role": "admin", "scope": "tag", "scopeId": str(uuid7())}),
    ]
    for method, path, body in attempts:
        status, answer = await call(method, path, someone.headers, body)
        assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS"), body
    assert await held(someone) == before


async def test_nobody_enters_a_group_that_holds_more(call, admin, deputy, nobody, held):
    someone, other = await deputy(READ), await nobody()
    _, group = await call("POST", "/admin/groups", admin, {"name": uuid7().hex})
    group_id = group["data"]["id"]
    _, grant = await call("POST", "/admin/grants", admin, {"groupId": group_id, "role": "admin"})
    before = await held(someone)
    path = f"/admin/groups/{group_id}"
    for method, target, body in [
        ("POST", f"{path}/members", {"userIds": [someone.id]}),
        ("POST", f"{path}/members", {"userIds": [other.id]}),
        ("POST", f"{path}/remove-members", {"userIds": [other.id]}),
        ("PUT", path, {"name": "mine"}),
        ("DELETE", path, None),
        ("DELETE", f"/admin/grants/{grant['data']['id']}", None),
    ]:
        status, answer = await call(method, target, someone.headers, body)
        assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS"), target
    assert await held(someone) == before


async def test_an_api_token_gives_no_more_than_its_own_scopes(call, person, token_of):
    headers, _ = await token_of(await person("admin"), ["kernel:role:write", READ])
    body = {"name": f"r{uuid7().hex[-12:]}", "title": "x", "permissions": [CANCEL]}
    status, answer = await call("POST", "/admin/roles", headers, body)
    assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS")


async def test_the_documented_roles_stay(call, admin):
    _, listed = await call("GET", "/admin/roles", admin)
    documented = [row for row in listed["data"] if row["documented"]]
    assert [row["name"] for row in documented] == [role.value for role in Role]
    for row in documented:
        status, answer = await call("PUT", "/admin/roles", admin, {"id": row["id"], "permissions": []})
        assert (status, answer["code"]) == (409, "ROLE_IS_DOCUMENTED")
        status, answer = await call("DELETE", f"/admin/roles/{row['id']}", admin)
        assert (status, answer["code"]) == (409, "ROLE_IS_DOCUMENTED")
    body = {"name": "viewer", "title": "x", "permissions": []}
    status, answer = await call("POST", "/admin/roles", admin, body)
    assert (status, answer["code"]) == (409, "ROLE_EXISTS")


async def test_a_role_that_somebody_has_stays(call, admin, person, role_of, change, tenant):
    by_membership, by_grant = await role_of(READ), await role_of(READ)
    someone = await person(by_membership)
    _, grant = await call("POST", "/admin/grants", admin, {"userId": someone.id, "role": by_grant})
    roles = (await call("GET", "/admin/roles", admin))[1]["data"]
    ids = {row["name"]: row["id"] for row in roles}
    for name in (by_membership, by_grant):
        status, answer = await call("DELETE", f"/admin/roles/{ids[name]}", admin)
        assert (status, answer["code"]) == (409, "ROLE_IN_USE")
    await call("DELETE", f"/admin/grants/{grant['data']['id']}", admin)
    await change(Membership, {"role": "viewer"}, user_id=someone.id, tenant_id=tenant.id)
    for name in (by_membership, by_grant):
        assert (await call("DELETE", f"/admin/roles/{ids[name]}", admin))[0] == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"role": "no_such_role"}, "NO_SUCH_ROLE"),
        ({"role": "viewer", "scope": "galaxy", "scopeId": UNKNOWN}, "NO_SUCH_SCOPE"),
        ({"role": "viewer", "scope": "tag", "scopeId": UNKNOWN}, "NO_SUCH_SCOPE"),
        ({"role": "viewer", "scope": "asset_group", "scopeId": UNKNOWN}, "NO_SUCH_SCOPE"),
        ({"role": "viewer", "userId": UNKNOWN}, "NO_SUCH_GRANTEE"),
        ({"role": "viewer", "groupId": UNKNOWN, "userId": None}, "NO_SUCH_GRANTEE"),
    ],
    ids=str,
)
async def test_grants_that_make_no_sense(call, admin, nobody, body, code):
    full = {"userId": (await nobody()).id, **body}
    full = {name: value for name, value in full.items() if value is not None}
    status, answer = await call("POST", "/admin/grants", admin, full)
    assert (status, answer["code"]) == (422, code)


async def test_nobody_of_another_tenant_gets_anything(call, admin, person, other_tenant):
    foreign = await person("viewer", of=other_tenant)
    status, answer = await call("POST", "/admin/grants", admin, {"userId": foreign.id, "role": "viewer"})
    assert (status, answer["code"]) == (422, "NO_SUCH_GRANTEE")
    _, group = await call("POST", "/admin/groups", admin, {"name": uuid7().hex})
    path = f"/admin/groups/{group['data']['id']}/members"
    status, answer = await call("POST", path, admin, {"userIds": [foreign.id]})
    assert (status, answer["code"]) == (422, "NO_SUCH_USER")
    assert (await call("GET", path, admin))[1]["meta"]["total"] == 0


async def test_the_same_grant_twice_is_a_conflict_also_in_parallel(call, admin, nobody):
    body = {"userId": (await nobody()).id, "role": "viewer"}
    answers = await asyncio.gather(*(call("POST", "/admin/grants", admin, body) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [201, 409, 409, 409, 409]


async def test_permissions_and_matrix_include_roles_of_ones_own(call, admin, role_of):
    name = await role_of(READ)
    _, listed = await call("GET", "/admin/permissions", admin)
    row = next(item for item in listed["data"] if item["name"] == READ)
    assert name in row["roles"]
    assert row["owner"] == "kernel"
    _, matrix = await call("GET", "/admin/permissions/matrix", admin)
    rows = {(item["method"], item["path"]): item for item in matrix["data"]}
    assert name in rows["GET", "/api/jobs"]["roles"]
    assert name not in rows["POST", "/api/jobs/{id}/cancel"]["roles"]
    assert rows["GET", "/api/assets"]["scoped"] is True
    assert rows["GET", "/api/dashboard/kpis"]["scoped"] is False
