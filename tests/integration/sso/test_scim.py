"""SCIM 2.0, in the dialects of Okta and Entra ID."""

from datetime import UTC, datetime

import pytest
import pytest_asyncio

from threatweaver.auth import service as auth
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.tenancy import provision


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scim(client, admin):
    """A function that calls as the directory does: with an API token as bearer token."""
    return await directory(client, admin)


async def directory(client, admin):
    body = {"name": "directory", "scopes": ["kernel:scim:write"]}
    async with client.post("/api/tokens", json=body, headers=admin) as answer:
        assert answer.status == 201, await answer.text()
        made = await answer.json()
    token = made["data"]["secret"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    async def call(method, path, body=None, status=200, **params):
        async with client.request(
            method, f"/api/scim/v2{path}", json=body, headers=headers, params=params
        ) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json() if answer.status != 204 else None

    return call


def person(**changes):
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"{uuid7().hex[-12:]}@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": True, "value": "ada@example.com", "type": "work"}],
        "externalId": uuid7().hex,
        "active": True,
        **changes,
    }


async def test_a_user_is_provisioned_found_and_deactivated(scim, kernel, tenant):
    given = person()
    made = await scim("POST", "/Users", given, 201)
    assert (made["userName"], made["displayName"], made["active"]) == (
        given["userName"],
        "Ada Lovelace",
        True,
    )
    for name in ("userName", "externalId"):
        found = await scim("GET", "/Users", filter=f'{name} eq "{given[name]}"')
        assert (found["totalResults"], found["Resources"][0]["id"]) == (1, made["id"])
    upper = await scim("GET", "/Users", filter=f'userName eq "{given["userName"].upper()}"')
    assert upper["totalResults"] == 1
    operations = [{"op": "Replace", "path": "active", "value": "False"}]
    changed = await scim("PATCH", f"/Users/{made['id']}", {"Operations": operations})
    assert changed["active"] is False
    async with kernel.database.control(read_only=True) as unit:
        state = await unit.connection.fetchrow(
            "SELECT deactivated_at FROM membership WHERE user_id = $1 AND tenant_id = $2",
            made["id"],
            tenant.id,
        )
    assert state["deactivated_at"] is not None
    okta = {"Operations": [{"op": "replace", "value": {"active": True}}]}
    assert (await scim("PATCH", f"/Users/{made['id']}", okta))["active"] is True
    await scim("DELETE", f"/Users/{made['id']}", status=204)
    await scim("GET", f"/Users/{made['id']}", status=404)
    assert (await scim("POST", "/Users", given, 201))["id"] == made["id"]


async def test_a_deactivated_person_is_out_at_once(scim, client, kernel, tenant, as_role):
    headers = await as_role("viewer", tenant)
    async with client.get("/api/auth/me", headers=headers) as answer:
        me = await answer.json()
    operations = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    await scim("PATCH", f"/Users/{me['id']}", operations)
    async with client.get("/api/auth/me", headers=headers) as answer:
        assert answer.status == 401


async def test_a_directory_leaves_the_tenant_its_last_administrator(kernel, client, as_role):
    """Neither shut out nor removed nor demoted by a group; the second one is the directory's to take."""
    slug = f"t-{uuid7().hex[-12:]}"
    tenant = await provision.create(kernel.database, slug=slug, name=slug, apps=kernel.registry.apps)
    headers = await as_role("admin", tenant)
    body = {"rules": [], "defaultRole": "viewer"}
    async with client.put("/api/sso/role-mapping", json=body, headers=headers) as answer:
        assert answer.status == 200
    async with client.get("/api/auth/me", headers=headers) as answer:
        last = (await answer.json())["id"]
    scim = await directory(client, headers)
    path = f"/Users/{last}"
    shut = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    group = {"displayName": "Everybody", "members": [{"value": last}]}
    whole = person(active=False)
    for refusal in (
        await scim("PATCH", path, shut, 409),
        await scim("PUT", path, whole, 409),
        await scim("DELETE", path, status=409),
        await scim("POST", "/Groups", group, 409),
    ):
        assert refusal["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert (refusal["status"], refusal["code"]) == (409, "SCIM_LAST_ADMIN")
    assert (await scim("GET", path))["active"] is True
    async with client.get("/api/auth/me", headers=headers) as answer:
        assert (await answer.json())["role"] == "admin"

    async with client.get("/api/auth/me", headers=await as_role("admin", tenant)) as answer:
        second = (await answer.json())["id"]
    await scim("DELETE", f"/Users/{second}", status=204)


async def test_groups_give_roles_and_take_them(scim, client, admin, kernel):
    body = {"rules": [{"group": "Secops", "role": "analyst"}], "defaultRole": None}
    async with client.put("/api/sso/role-mapping", json=body, headers=admin) as answer:
        assert answer.status == 200
    made = await scim("POST", "/Users", person(), 201)

    async def role():
        async with kernel.database.control(read_only=True) as unit:
            return await unit.connection.fetchval(
                "SELECT role FROM membership WHERE user_id = $1", made["id"]
            )

    group = await scim("POST", "/Groups", {"displayName": "Secops"}, 201)
    path = f"/Groups/{group['id']}"
    assert await role() == "viewer"
    add = {"Operations": [{"op": "Add", "path": "members", "value": [{"value": made["id"]}]}]}
    assert (await scim("PATCH", path, add))["members"] == [{"value": made["id"]}]
    assert await role() == "analyst"
    remove = {"Operations": [{"op": "Remove", "path": f'members[value eq "{made["id"]}"]'}]}
    assert (await scim("PATCH", path, remove))["members"] == []
    assert await role() == "viewer"
    await scim("PUT", path, {"displayName": "Secops", "members": [{"value": made["id"]}]})
    assert await role() == "analyst"
    found = await scim("GET", "/Groups", filter='displayName eq "Secops"')
    assert found["Resources"][0]["id"] == group["id"]
    await scim("DELETE", path, status=204)
    assert await role() == "viewer"


async def test_somebody_of_another_tenant_is_neither_taken_nor_renamed(scim, kernel, tenant, other_tenant):
    email = f"{uuid7().hex[-12:]}@example.com"
    user = await auth.create_user(
        kernel.database, email=email, password="-" * 12, role="admin", tenant_id=other_tenant.id, name="V"
    )
    refused = await scim("POST", "/Users", person(userName=email), 409)
    assert (refused["scimType"], refused["status"]) == ("uniqueness", 409)
    assert refused["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    await scim("GET", f"/Users/{user.id}", status=404)
    await auth.create_user(
        kernel.database, email=email, password="-" * 12, role="viewer", tenant_id=tenant.id
    )
    await readdress_in_vain(scim, user.id, email)
    renamed = {"Operations": [{"op": "replace", "path": "displayName", "value": "Somebody else"}]}
    assert (await scim("PATCH", f"/Users/{user.id}", renamed))["displayName"] == "V"


async def readdress_in_vain(scim, user_id, email):
    """Neither dialect changes the address; a PUT that repeats it is none that does."""
    other = f"{uuid7().hex[-12:]}@example.com"
    operations = {"Operations": [{"op": "replace", "path": "userName", "value": other}]}
    for refusal in (
        await scim("PATCH", f"/Users/{user_id}", operations, 400),
        await scim("PUT", f"/Users/{user_id}", person(userName=other), 400),
    ):
        assert refusal["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert (refusal["code"], refusal["scimType"]) == ("SCIM_NOT_YOURS", "mutability")
    same = await scim("PUT", f"/Users/{user_id}", person(userName=email.upper()))
    assert same["userName"] == email


async def test_a_directory_readdresses_whom_it_made_and_nobody_else(scim, kernel, tenant, other_tenant):
    """Who reads the mail of an account can have its password."""
    made = await scim("POST", "/Users", person(), 201)
    async with kernel.database.control():
        await User.filter(id=made["id"]).update(email_verified_at=datetime.now(UTC))
    new = f"{uuid7().hex[-12:]}@example.com"
    operations = {"Operations": [{"op": "replace", "path": "userName", "value": new}]}
    assert (await scim("PATCH", f"/Users/{made['id']}", operations))["userName"] == new
    async with kernel.database.control(read_only=True):
        assert (await User.get(id=made["id"])).email_verified_at is None
    await scim("DELETE", f"/Users/{made['id']}", status=204)
    await scim("POST", "/Users", person(userName=new), 201)  # taken back: it is its own still
    newer = f"{uuid7().hex[-12:]}@example.com"
    assert (await scim("PUT", f"/Users/{made['id']}", person(userName=newer)))["userName"] == newer
    async with kernel.database.control():
        await Membership.create(user_id=made["id"], tenant_id=other_tenant.id, role="viewer")
    await readdress_in_vain(scim, made["id"], newer)

    invited = await auth.create_user(
        kernel.database,
        email=f"{uuid7().hex[-12:]}@example.com",
        password="-" * 12,
        role="viewer",
        tenant_id=tenant.id,
    )
    await scim("PUT", f"/Users/{invited.id}", person(userName=invited.email))  # known to it from now on
    await readdress_in_vain(scim, invited.id, invited.email)


async def test_break_glass_accounts_are_out_of_reach(scim, client, admin):
    async with client.get("/api/auth/me", headers=admin) as answer:
        me = await answer.json()
    for chosen, status in (([me["id"]], 404), ([], 200)):
        async with client.put("/api/sso/break-glass", json={"userIds": chosen}, headers=admin) as answer:
            assert answer.status == 200
        await scim("GET", f"/Users/{me['id']}", status=status)


@pytest.mark.parametrize(
    "text", ['userName co "a"', "userName eq a", 'role eq "x"', "'; drop table", 'userName eq "a" or 1']
)
async def test_other_filters_are_refused(scim, text):
    assert (await scim("GET", "/Users", status=400, filter=text))["scimType"] == "invalidFilter"


async def test_pages_are_counted_from_one(scim):
    for _ in range(3):
        await scim("POST", "/Users", person(), 201)
    whole = await scim("GET", "/Users")
    ids = [item["id"] for item in whole["Resources"]]
    paged = []
    for start in range(1, whole["totalResults"] + 1, 2):
        page = await scim("GET", "/Users", startIndex=start, count=2)
        assert page["startIndex"] == start
        paged += [item["id"] for item in page["Resources"]]
    assert paged == ids


async def test_the_service_says_what_it_can(scim):
    assert (await scim("GET", "/ServiceProviderConfig"))["patch"] == {"supported": True}
    assert [item["id"] for item in (await scim("GET", "/ResourceTypes"))["Resources"]] == ["User", "Group"]
    assert len((await scim("GET", "/Schemas"))["Resources"]) == 2
