import asyncio

import pytest

from threatweaver.admin.settings import service
from threatweaver.admin.settings.values import TenantSettings, load, plain

PATH = "/api/admin/settings"


@pytest.fixture
def ask(client, admin):
    async def asked(method, path=PATH, *, headers=admin, **options):
        async with client.request(method, path, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    return asked


async def newest(ask):
    _, body = await ask("GET")
    return body["data"]


def put(ask, **body):
    return ask("PUT", json=body)


async def test_a_tenant_begins_with_what_the_product_declares(kernel, client, as_role, new_tenant):
    tenant = await new_tenant(kernel)
    headers = await as_role("admin", tenant)
    async with client.get(PATH, headers=headers) as answer:
        data = (await answer.json())["data"]
    assert (data["version"], data["changedBy"]) == (0, None)
    assert data["values"]["registration"] == "closed"
    assert data["values"]["passwordMinLength"] == 12
    assert await service.read(kernel, tenant.schema) == TenantSettings()


async def test_a_change_keeps_what_it_does_not_name_and_is_read_back_typed(ask, kernel, tenant):
    before = await newest(ask)
    status, body = await put(
        ask,
        values={"registration": "open", "registrationDomains": ["example.com"]},
        reason="we are open now",
    )
    assert status == 200
    assert body["data"]["version"] == before["version"] + 1
    changed = {"registration": "open", "registrationDomains": ["example.com"]}
    assert body["data"]["values"] == {**before["values"], **changed}
    settings = await service.read(kernel, tenant.schema)
    assert (settings.registration, settings.registration_domains) == ("open", ("example.com",))


async def test_a_change_of_nothing_makes_no_version(ask):
    before = await newest(ask)
    status, body = await put(ask, values=before["values"])
    assert (status, body["data"]["version"]) == (200, before["version"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"registration": "maybe"}, "values.registration"),
        ({"passwordMinLength": 8}, "values.passwordMinLength"),
        ({"passwordMinLength": "14"}, "values.passwordMinLength"),
        ({"mfaRequired": "yes"}, "values.mfaRequired"),
        ({"mfaRequired": None}, "values.mfaRequired"),
        ({"registrationDomains": ["Example.com"]}, "values.registrationDomains.0"),
        ({"nobodyDeclaredThis": 1}, "values.nobodyDeclaredThis"),
    ],
    ids=str,
)
async def test_values_of_the_wrong_type_are_refused_by_name(ask, values, field):
    before = await newest(ask)
    status, body = await put(ask, values=values)
    assert (status, [detail["field"] for detail in body["details"]]) == (400, [field])
    assert await newest(ask) == before


async def test_a_change_of_an_older_version_is_refused(ask):
    version = (await newest(ask))["version"]
    status, _ = await put(ask, values={"sessionMax": 7}, expectedVersion=version)
    assert status == 200
    status, body = await put(ask, values={"sessionMax": 8}, expectedVersion=version)
    assert (status, body["code"], body["version"]) == (409, "SETTINGS_CHANGED", version + 1)
    assert (await newest(ask))["values"]["sessionMax"] == 7


async def test_of_parallel_changes_of_one_version_exactly_one_passes(ask):
    version = (await newest(ask))["version"]
    answers = await asyncio.gather(
        *(put(ask, values={"sessionMax": 30 + n}, expectedVersion=version) for n in range(12))
    )
    assert sorted(status for status, _ in answers) == [200] + [409] * 11
    assert (await newest(ask))["version"] == version + 1


async def test_parallel_changes_of_different_members_all_stay(ask):
    version = (await newest(ask))["version"]
    changes = [
        {"sessionIdleMinutes": 61},
        {"passwordMinLength": 17},
        {"registration": "invited"},
        {"sessionMax": 3},
    ]
    answers = await asyncio.gather(*(put(ask, values=change) for change in changes))
    assert sorted(body["data"]["version"] for _, body in answers) == [version + n for n in range(1, 5)]
    values = (await newest(ask))["values"]
    assert {name: values[name] for change in changes for name in change} == {
        name: value for change in changes for name, value in change.items()
    }


async def test_the_history_says_who_changed_what_and_why(ask, client, admin):
    async with client.get("/api/auth/me", headers=admin) as answer:
        me = await answer.json()
    before = await newest(ask)
    await put(ask, values={"sessionMax": before["values"]["sessionMax"] + 1}, reason="more room")
    _, body = await ask("GET", f"{PATH}/history?limit=1")
    (line,) = body["data"]
    old = before["values"]["sessionMax"]
    assert line["changes"] == {"sessionMax": [old, old + 1]}
    assert (line["version"], line["reason"]) == (before["version"] + 1, "more room")
    assert (line["changedBy"], line["changedByEmail"]) == (me["id"], me["email"])


async def test_the_way_back_is_a_version_of_its_own(ask):
    before = await newest(ask)
    await put(ask, values={"sessionMax": before["values"]["sessionMax"] + 1})
    status, body = await ask("POST", f"{PATH}/rollback", json={"version": before["version"]})
    assert (status, body["data"]["values"]) == (200, before["values"])
    assert body["data"]["version"] == before["version"] + 2
    status, body = await ask("POST", f"{PATH}/rollback", json={"version": 0})
    assert body["data"]["values"]["registration"] == "closed"
    status, body = await ask("POST", f"{PATH}/rollback", json={"version": 9999})
    assert (status, body["code"]) == (404, "NOT_FOUND")


async def test_the_schema_describes_every_setting(ask):
    _, body = await ask("GET", f"{PATH}/schema")
    names = {item["name"]: item for item in body["data"]}
    assert set(names) == set((await newest(ask))["values"])
    assert names["registration"]["choices"] == ["closed", "invited", "open"]
    assert (names["passwordMinLength"]["minimum"], names["passwordMinLength"]["type"]) == (12, "integer")


async def test_settings_are_of_one_tenant(client, stranger, ask):
    await put(ask, values={"sessionMax": 99})
    async with client.get(PATH, headers=stranger) as answer:
        assert (await answer.json())["data"]["values"]["sessionMax"] != 99


async def test_only_administrators_see_or_change_settings(ask, viewer):
    for method, path, options in [
        ("GET", PATH, {}),
        ("GET", f"{PATH}/history", {}),
        ("PUT", PATH, {"json": {"values": {}}}),
        ("POST", f"{PATH}/rollback", {"json": {"version": 0}}),
    ]:
        status, _ = await ask(method, path, headers=viewer, **options)
        assert status == 403


async def test_settings_are_read_with_one_statement_and_then_remembered(kernel, new_tenant):
    tenant = await new_tenant(kernel)
    statements = []
    async with kernel.database.control(read_only=True) as unit:
        with unit.connection.query_logger(lambda record: statements.append(record.query)):
            for _ in range(5):
                await service.read(kernel, tenant.schema)
    assert len(statements) == 1


def test_members_of_another_version_of_the_product_are_left_out():
    assert load({"session_max": 4, "long_gone": 1}) == TenantSettings(session_max=4)
    assert load(plain(TenantSettings(registration_domains=("a.example",)))).registration_domains == (
        "a.example",
    )
