"""LDAP against a real OpenLDAP server."""

import asyncio
import time

import pytest
import pytest_asyncio
from slapd import BASE, PASSWORD, ROOT, directory

SECOPS = f"cn=secops,ou=groups,{BASE}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url():
    async with directory() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def mapping(http, admin):
    body = {"rules": [{"group": SECOPS, "role": "analyst"}], "defaultRole": "viewer"}
    async with http.put("/api/sso/role-mapping", json=body, headers=admin) as answer:
        assert answer.status == 200


@pytest.fixture
def provider(url, add_provider):
    async def add(**changes):
        options = {"url": url, "baseDn": f"ou=people,{BASE}", "bindDn": ROOT, "bindPassword": PASSWORD}
        options = {name: value for name, value in {**options, **changes}.items() if value is not None}
        return await add_provider(kind="ldap", ldap=options)

    return add


@pytest.fixture
def sign_in(browser, tenant):
    async def post(provider, username, password):
        body = {"tenant": tenant.slug, "provider": provider["id"], "username": username, "password": password}
        answer = await browser.post("/api/auth/sso/ldap", json=body)
        return answer.status, await answer.json()

    return post


async def test_a_person_of_the_directory_signs_in_with_the_role_of_their_group(sign_in, provider, browser):
    status, body = await sign_in(await provider(), "ada", "ada's password")
    assert (status, body["user"]["email"], body["user"]["role"]) == (200, "ada@example.com", "analyst")
    assert (await browser.me())["email"] == "ada@example.com"


async def test_a_sign_in_comes_with_its_line(sign_in, provider, kernel, tenant, line_or_nothing):
    made = await provider()

    async def attempt():
        return (await sign_in(made, "bob", "bob's password"))[0]

    assert await attempt() == 200
    await line_or_nothing(kernel, tenant, attempt, action="sso_sign_in", good=200)


async def test_groups_may_be_searched_for(sign_in, provider):
    searched = await provider(groupsAttribute="", groupBaseDn=f"ou=groups,{BASE}")
    status, body = await sign_in(searched, "ada", "ada's password")
    assert (status, body["user"]["role"]) == (200, "analyst")


async def test_a_template_needs_no_service_account(sign_in, provider):
    template = f"uid={{username}},ou=people,{BASE}"
    by_template = await provider(userDnTemplate=template, bindDn=None, bindPassword=None)
    status, body = await sign_in(by_template, "bob", "bob's password")
    assert (status, body["user"]["role"]) == (200, "viewer")
    status, _ = await sign_in(by_template, f"x,{BASE}", "bob's password")
    assert status == 401


@pytest.mark.parametrize("password", ["wrong", "ADA'S PASSWORD", "ada's password "])
async def test_a_wrong_password_is_refused(sign_in, provider, password):
    status, body = await sign_in(await provider(), "ada", password)
    assert (status, body["code"], body["reason"]) == (401, "SSO_REFUSED", "BAD_CREDENTIALS")


@pytest.mark.parametrize("template", [False, True])
async def test_an_empty_password_is_refused(sign_in, provider, template, http, tenant):
    """A directory takes a bind without a password for an anonymous one, and says that it succeeded."""
    changes = {"userDnTemplate": f"uid={{username}},ou=people,{BASE}", "bindDn": None, "bindPassword": None}
    made = await provider(**(changes if template else {}))
    assert (await sign_in(made, "ada", ""))[0] == 400
    assert (await sign_in(made, " ", "ada's password"))[0] == 401


@pytest.mark.parametrize(
    "name", ["*", "a*", "ada)(uid=*", "*)(|(uid=*", "ada\\2a", "(uid=ada)", "ada)(cn=Ada"]
)
@pytest.mark.parametrize("password", ["ada's password"])
async def test_a_name_is_text_and_no_filter(sign_in, provider, name, password):
    status, body = await sign_in(await provider(), name, password)
    assert (status, body["code"]) == (401, "SSO_REFUSED")


@pytest.mark.parametrize("name", ["ada,ou=people", "bob+uid=ada", f"ada,ou=people,{BASE}#", "ada\\,x"])
async def test_a_name_is_text_and_no_path(sign_in, provider, name):
    template = f"uid={{username}},ou=people,{BASE}"
    by_template = await provider(userDnTemplate=template, bindDn=None, bindPassword=None)
    status, body = await sign_in(by_template, name, "ada's password")
    assert (status, body["code"]) == (401, "SSO_REFUSED")


async def test_a_filter_that_finds_two_people_signs_nobody_in(sign_in, provider):
    status, _ = await sign_in(
        await provider(userFilter="(|(uid={username})(uid=bob))"), "ada", "ada's password"
    )
    assert status == 401


async def test_a_service_account_that_is_refused_is_the_administrators_problem(sign_in, provider):
    status, body = await sign_in(await provider(bindPassword="wrong"), "ada", "ada's password")
    assert (status, body["code"]) == (422, "SSO_PROVIDER_MISCONFIGURED")


@pytest_asyncio.fixture(loop_scope="session")
async def silent():
    """The URL of a directory that takes connections and says nothing."""

    async def listen(reader, writer):
        taken.append(writer)
        await reader.read()
        writer.close()

    taken = []
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        yield f"ldap://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for writer in taken:
            writer.transport.abort()


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere(kernel, http, new_tenant, as_role, url):
    """What somebody signs in with to another tenant, whose directory answers."""
    tenant = await new_tenant(kernel)
    ldap = {"url": url, "baseDn": f"ou=people,{BASE}", "bindDn": ROOT, "bindPassword": PASSWORD}
    headers = await as_role("admin", tenant)
    body = {"rules": [], "defaultRole": "viewer"}
    async with http.put("/api/sso/role-mapping", json=body, headers=headers) as answer:
        assert answer.status == 200
    body = {"name": "d", "kind": "ldap", "ldap": ldap, "justInTime": False}
    async with http.post("/api/sso/providers", json=body, headers=headers) as answer:
        made = (await answer.json())["data"]
    return {"tenant": tenant.slug, "provider": made["id"], "username": "ada", "password": "ada's password"}


async def test_one_tenants_silent_directory_delays_no_other_tenant(
    sign_in, provider, silent, elsewhere, http
):
    slow = await provider(url=silent)
    waiting = [asyncio.create_task(sign_in(slow, f"p{number}", "x")) for number in range(40)]
    await asyncio.sleep(0.5)
    started = time.monotonic()
    async with http.post("/api/auth/sso/ldap", json=elsewhere) as answer:
        # The directory was asked: ada is known to it, and a member of no tenant of this test's.
        assert (await answer.json())["reason"] in {"NO_ACCOUNT", "NOT_A_MEMBER"}
    assert time.monotonic() - started < 5
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_directory_that_does_not_answer_is_unavailable(sign_in, provider):
    status, body = await sign_in(await provider(url="ldap://127.0.0.1:1"), "ada", "ada's password")
    assert (status, body["code"]) == (503, "SSO_PROVIDER_UNAVAILABLE")


async def test_a_provider_of_another_tenant_is_none(provider, browser, other_tenant):
    body = {
        "tenant": other_tenant.slug,
        "provider": (await provider())["id"],
        "username": "ada",
        "password": "x",
    }
    answer = await browser.post("/api/auth/sso/ldap", json=body)
    assert (answer.status, (await answer.json())["reason"]) == (401, "NO_PROVIDER")


@pytest.mark.parametrize(
    "changes", [{"url": "ldap://directory.example.com"}, {"url": "ldaps://127.0.0.1:1", "startTls": True}]
)
async def test_passwords_are_not_sent_in_the_clear(http, admin, changes):
    options = {"baseDn": BASE, "bindDn": ROOT, "bindPassword": "x", **changes}
    body = {"name": "clear", "kind": "ldap", "ldap": options}
    async with http.post("/api/sso/providers", json=body, headers=admin) as answer:
        assert (answer.status, (await answer.json())["code"]) == (422, "SSO_PROVIDER_MISCONFIGURED")
