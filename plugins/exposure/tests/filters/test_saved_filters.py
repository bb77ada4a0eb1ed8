"""/saved-filters: whose they are, what is refused as the list refuses it, and lists that use them."""

from dataclasses import replace

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, day, nessus

from threatweaver_exposure.filters.schemas import SavedFilterOut

WORST = {"name": "worst", "resource": "vulnerabilities", "query": {"severity": "CRITICAL,HIGH"}}
PATHS = {"vulnerabilities": "/vulnerabilities", "assets": "/assets"}


async def save(someone, **changes):
    answer = await someone.call("POST", "/saved-filters", json={**WORST, **changes})
    assert answer.status == 201, answer
    return answer.body["data"]


async def names(someone, **params):
    return [row["name"] for row in await someone.walk("/saved-filters", limit=1, **params)]


@pytest_asyncio.fixture(loop_scope="session")
async def colleague(space, as_role):
    """Somebody else of the tenant, who may only look."""
    return replace(space, headers=await as_role("viewer", space.tenant))


async def test_a_filter_is_saved_changed_and_deleted(space):
    me = (await space.get("/auth/me"))["id"]
    made = await save(space)
    assert set(made) == {field.data_key for field in SavedFilterOut().fields.values()}
    assert {name: made[name] for name in WORST} == WORST
    assert (made["shared"], made["ownerId"]) == (False, me)
    path = f"/saved-filters/{made['id']}"
    assert (await space.get(path))["data"] == made == (await space.get("/saved-filters"))["data"][0]
    answer = await space.call("PUT", path, json={"query": {"tag": "web", "asOf": "2024-05-01"}})
    assert answer.status == 200
    changed = answer.body["data"]
    assert changed["query"] == {"tag": "web", "asOf": "2024-05-01"}
    assert (changed["name"], changed["createdAt"]) == (made["name"], made["createdAt"])
    assert changed["updatedAt"] > made["updatedAt"]
    answer = await space.call("PUT", path, json={"name": "new", "shared": True})
    assert answer.body["data"] == {
        **changed,
        "name": "new",
        "shared": True,
        "updatedAt": answer.body["data"]["updatedAt"],
    }
    assert (await space.call("DELETE", path)).status == 204
    assert (await space.call("GET", path)).status == 404
    assert await names(space) == []


async def test_others_see_what_is_shared_and_change_nothing(space, colleague):
    private, shared = await save(space), await save(space, name="for all", shared=True)
    await save(colleague, name="own")
    assert await names(space) == ["for all", "worst"]
    assert await names(colleague) == ["for all", "own"]
    assert await names(colleague, shared="true") == ["for all"]
    for change in (("PUT", {"json": {"name": "x"}}), ("DELETE", {})):
        method, options = change
        answer = await colleague.call(method, f"/saved-filters/{private['id']}", **options)
        assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")
        answer = await colleague.call(method, f"/saved-filters/{shared['id']}", **options)
        assert (answer.status, answer.body["code"]) == (403, "NOT_THE_OWNER")
    assert (await colleague.call("GET", f"/saved-filters/{private['id']}")).status == 404
    assert (await colleague.get(f"/saved-filters/{shared['id']}"))["data"] == shared
    answer = await space.call("PUT", f"/saved-filters/{shared['id']}", json={"shared": False})
    assert answer.status == 200
    assert await names(colleague) == ["own"]
    assert await names(space) == ["for all", "worst"]


async def test_one_name_a_person(space, colleague):
    await save(space)
    other = await save(space, name="other", resource="assets")
    for method, path, body in (
        ("POST", "/saved-filters", {**WORST, "resource": "assets"}),
        ("PUT", f"/saved-filters/{other['id']}", {"name": "worst"}),
    ):
        answer = await space.call(method, path, json=body)
        assert (answer.status, answer.body["code"]) == (409, "CONFLICT")
    await save(colleague)
    assert await names(space) == ["other", "worst"]


async def test_the_list_is_filtered_and_sorted(space):
    for number, (name, resource) in enumerate(
        [("b", "assets"), ("a", "vulnerabilities"), ("C_c", "assets"), ("cc", "assets")]
    ):
        await save(space, name=name, resource=resource, shared=number == 0)
    assert sorted(await names(space)) == ["C_c", "a", "b", "cc"]
    assert sorted(await names(space, resource="assets")) == ["C_c", "b", "cc"]
    assert await names(space, search="c_") == ["C_c"]
    assert await names(space, shared="false", resource="vulnerabilities") == ["a"]
    assert await names(space, sort="-createdAt") == ["cc", "C_c", "a", "b"]
    for wrong in ({"resource": "imports"}, {"sort": "query"}, {"shared": "perhaps"}, {"seenBy": "x"}):
        await space.refusal("/saved-filters", **wrong)


REFUSED = [
    ("vulnerabilities", {"severity": "BAD"}),
    ("vulnerabilities", {"state": "open,all"}),
    ("vulnerabilities", {"pluginId": "many"}),
    ("vulnerabilities", {"asOf": "2999-01-01"}),
    ("vulnerabilities", {"cve": "CVE-1"}),
    ("vulnerabilities", {"tag": ""}),
    ("vulnerabilities", {"plugin_id": "1"}),
    ("vulnerabilities", {"nothing": "1"}),
    ("assets", {"state": "open"}),
    ("assets", {"assetGroup": "x"}),
    ("assets", {"search": "x" * 201}),
]


@pytest.mark.parametrize(("resource", "query"), REFUSED, ids=str)
async def test_what_the_list_refuses_is_refused_in_its_words(space, resource, query):
    own = {
        (item["field"], item["message"])
        for item in (await space.refusal(PATHS[resource], **query))["details"]
    }
    answer = await space.call("POST", "/saved-filters", json={**WORST, "resource": resource, "query": query})
    assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")
    details = {(item["field"], item["message"]) for item in answer.body["details"]}
    assert details == {(f"query.{name}", message) for name, message in own}
    made = await save(space, resource=resource, query={})
    answer = await space.call("PUT", f"/saved-filters/{made['id']}", json={"query": query})
    assert answer.status == 400
    assert {item["field"] for item in answer.body["details"]} == {f"query.{name}" for name in query}
    assert (await space.get(f"/saved-filters/{made['id']}"))["data"]["query"] == {}


@pytest.mark.parametrize("query", [{"page": "1"}, {"limit": "5"}, {"sort": "name"}, {"cursor": "x"}], ids=str)
async def test_paging_and_order_are_no_filters(space, query):
    for resource in PATHS:
        body = {**WORST, "resource": resource, "query": query}
        assert (await space.call("POST", "/saved-filters", json=body)).status == 400


@pytest.mark.parametrize("value", [1001, True, None, ["HIGH"], {"a": "b"}, "9" * 4001], ids=str)
async def test_parameters_are_texts(space, value):
    answer = await space.call("POST", "/saved-filters", json={**WORST, "query": {"pluginId": value}})
    assert answer.status == 400
    assert [item["field"] for item in answer.body["details"]] == ["query.pluginId"]


async def test_other_wrong_bodies(space):
    for bad in (
        {"name": ""},
        {"name": "x" * 101},
        {"resource": "imports"},
        {"query": []},
        {"query": "severity=HIGH"},
        {"shared": "perhaps"},
        {"ownerId": "x"},
    ):
        assert (await space.call("POST", "/saved-filters", json={**WORST, **bad})).status == 400, bad
    made = await save(space)
    answer = await space.call("PUT", f"/saved-filters/{made['id']}", json={"resource": "assets"})
    assert answer.status == 400


@pytest_asyncio.fixture(loop_scope="session")
async def park(space):
    """Two assets with five findings."""
    first = [Item(plugin=1000 + level, severity=level) for level in (4, 3, 2)]
    second = [Item(plugin=1000 + level, severity=level) for level in (3, 1)]
    await space.take(
        nessus(Host(name="10.0.0.1", items=first, end=day(1)), Host(name="10.0.0.2", items=second))
    )
    return space


QUERIES = [
    ("vulnerabilities", {}, 5),
    ("vulnerabilities", {"severity": "critical,HIGH"}, 3),
    ("vulnerabilities", {"severity": "HIGH", "search": "10.0.0.2"}, 1),
    ("vulnerabilities", {"pluginId": "1001"}, 1),
    ("vulnerabilities", {"state": "fixed"}, 0),
    ("vulnerabilities", {"asOf": "2020-01-01"}, 0),
    ("assets", {"severity": "CRITICAL"}, 1),
    ("assets", {"search": "10.0.0."}, 2),
]


@pytest.mark.parametrize(("resource", "query", "expected"), QUERIES, ids=str)
async def test_a_list_uses_a_saved_filter(park, resource, query, expected):
    made = await save(park, resource=resource, query=query)
    path = PATHS[resource]
    rows = await park.walk(path, limit=1, savedFilter=made["id"])
    assert len(rows) == expected
    assert rows == await park.walk(path, limit=1, **query)
    assert rows == await park.follow(path, limit=1, savedFilter=made["id"])


async def test_what_the_address_says_wins(park):
    made = await save(park, query={"severity": "CRITICAL,HIGH", "search": "10.0.0.1"})
    rows = await park.walk("/vulnerabilities", savedFilter=made["id"], severity="HIGH", sort="firstSeen")
    assert [(row["severity"], row["assetName"]) for row in rows] == [("HIGH", "10.0.0.1")]


async def test_only_ones_own_and_shared_filters_of_the_list_can_be_used(
    park, colleague, outsider, unknown_id
):
    private, shared = await save(park), await save(park, name="for all", shared=True)
    assert len(await colleague.walk("/vulnerabilities", savedFilter=shared["id"])) == 3
    wrong = (
        (colleague, "/vulnerabilities", private["id"]),
        (park, "/assets", private["id"]),
        (park, "/vulnerabilities", str(unknown_id)),
        (outsider, "/vulnerabilities", shared["id"]),
        (park, "/vulnerabilities", "x"),
    )
    for someone, path, given in wrong:
        body = await someone.refusal(path, savedFilter=given)
        assert [item["field"] for item in body["details"]] == ["savedFilter"], (path, given)


async def test_a_grant_for_a_group_is_not_widened(park, kernel, as_role):
    """A filter chooses among the rows that somebody may see; filters themselves are for the whole tenant."""
    made = await save(park, shared=True)
    (second,) = await park.walk("/assets", search="10.0.0.2")
    group = (await park.call("POST", "/asset-groups", json={"name": "DMZ"})).body["data"]["id"]
    members = {"assetIds": [second["id"]]}
    assert (await park.call("POST", f"/asset-groups/{group}/members", json=members)).status == 200
    limited = replace(park, headers=await as_role("nothing", park.tenant))
    me = (await limited.get("/auth/me"))["id"]
    body = {"userId": me, "role": "viewer", "scope": "asset_group", "scopeId": group}
    assert (await park.call("POST", "/admin/grants", json=body)).status == 201
    kernel.identifier.forget()
    rows = await limited.walk("/vulnerabilities", savedFilter=made["id"])
    assert [(row["severity"], row["assetId"]) for row in rows] == [("HIGH", second["id"])]
    assert (await limited.call("GET", "/saved-filters")).status == 403
    assert (await limited.call("GET", "/vulnerabilities/fields")).status == 200


async def test_what_the_list_would_refuse_by_now_is_named(park, kernel):
    made = await save(park)
    async with kernel.database.owner(park.tenant.schema) as unit:
        await unit.connection.execute("""UPDATE exposure_saved_filter SET query = '{"severity": "DIRE"}'""")
    body = await park.refusal("/vulnerabilities", savedFilter=made["id"])
    (detail,) = body["details"]
    assert detail["field"] == "savedFilter"
    assert detail["message"].startswith("severity: Must be one of")
