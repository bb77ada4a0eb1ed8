"""Who may export what, who sees which exports, and what is refused."""

import json
from dataclasses import replace

import pytest
from export_calls import ask, detail, exported, fetch

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def person(story, kernel, as_role):
    """A function: somebody of the tenant with a role, and grants of roles for groups."""

    async def make(role, *granted):
        someone = replace(story, headers=await as_role(role, story.tenant))
        me = await someone.get("/auth/me")
        for name, group in granted:
            body = {"userId": me["id"], "role": name, "scope": "asset_group", "scopeId": group}
            assert (await story.call("POST", "/admin/grants", json=body)).status == 201
        kernel.identifier.forget()
        return someone

    return make


async def statuses(space, export_id):
    paths = (("GET", ""), ("GET", "/download"), ("GET", "/chunks/1"), ("POST", "/cancel"))
    return [(await space.call(method, f"/export/{export_id}{path}")).status for method, path in paths]


async def listed(space, **params):
    return {row["id"] for row in await space.walk("/export", **params)}


async def test_only_the_asker_and_administrators_see_an_export(story, outsider, person):
    asker, colleague = await person("analyst"), await person("manager")
    export_id = await ask(asker, "vulnerabilities", "csv")
    assert await statuses(asker, export_id) == await statuses(story, export_id) == [200, 200, 200, 200]
    assert await statuses(colleague, export_id) == await statuses(outsider, export_id) == [404, 404, 404, 404]
    assert (await colleague.call("DELETE", f"/export/{export_id}")).status == 404
    assert export_id in await listed(asker)
    assert export_id in await listed(story)
    assert await listed(colleague) == await listed(outsider) == set()
    assert (await asker.call("DELETE", f"/export/{export_id}")).status == 204
    assert await statuses(story, export_id) == [404, 404, 404, 404]


async def test_the_list_and_its_filters(story, person):
    asker = await person("viewer")
    first = await ask(asker, "assets", "csv", tag="web")
    second = await ask(asker, "vulnerabilities", "sarif", severity="HIGH")
    body = await asker.get("/export")
    assert [row["id"] for row in body["data"]] == [second, first]
    shown = body["data"][1]
    assert shown["filter"] == {"tag": "web"}
    assert (shown["resource"], shown["format"], shown["limited"], shown["state"]) == (
        "assets",
        "csv",
        False,
        "completed",
    )
    assert shown == {name: value for name, value in (await detail(asker, first)).items() if name != "chunks"}
    assert await listed(asker, format="csv") == await listed(asker, resource="assets") == {first}
    assert await listed(asker, state="failed,cancelled") == set()
    assert (await asker.refusal("/export", state="done"))["details"][0]["field"] == "state"


async def test_a_grant_for_some_assets_limits_the_rows(story, person):
    someone = await person("nothing", ("viewer", story.group))
    rows = json.loads(await exported(someone, "vulnerabilities", "json", state="all"))
    own = await someone.walk("/vulnerabilities", state="all")
    assert rows == own
    assert 0 < len(own) < len(await story.vulnerabilities())
    assert json.loads(await exported(someone, "assets", "json")) == await someone.walk("/assets")
    sarif = json.loads(await exported(someone, "vulnerabilities", "sarif", state="all"))["runs"][0]
    assert len(sarif["tool"]["driver"]["rules"]) == len({row["check"] for row in own})
    assert {row["limited"] for row in await someone.walk("/export")} == {True}


async def test_a_grant_that_ends_takes_its_exports_along(story, kernel, person):
    someone = await person("viewer", ("viewer", story.group))
    whole = await ask(someone, "vulnerabilities", "csv")
    async with kernel.database.control() as unit:  # from now on the group's rows are all that they may see
        await unit.connection.execute(
            "UPDATE membership SET role = 'nothing' WHERE user_id = $1 AND tenant_id = $2",
            (await someone.get("/auth/me"))["id"],
            story.tenant.id,
        )
    kernel.identifier.forget()
    limited = await ask(someone, "vulnerabilities", "csv")
    assert await statuses(someone, whole) == [404, 404, 404, 404]
    assert await listed(someone) == {limited}
    assert await statuses(story, whole) == [200, 200, 200, 200]


async def test_a_token_exports_what_it_may_read(story):
    scopes = ["exposure:export:write", "exposure:export:read", "exposure:asset:read"]
    made = await story.call("POST", "/tokens", json={"name": "export", "scopes": scopes})
    token = replace(story, headers={"X-API-Key": made.body["data"]["secret"]})
    export_id = await ask(token, "assets", "csv", wait=0)
    body = {"resource": "vulnerabilities", "format": "csv"}
    refused = await token.call("POST", "/export", json=body)
    assert (refused.status, refused.body["permission"]) == (403, "exposure:vulnerability:read")
    foreign = await ask(story, "vulnerabilities", "csv")
    assert (await token.call("GET", f"/export/{export_id}")).status == 200
    assert (await token.call("GET", f"/export/{foreign}")).status == 404


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"filter": {"severity": "WORST"}}, "filter.severity", None),
        ({"filter": {"startDate": "yesterday"}}, "filter.startDate", None),
        ({"filter": {"asOf": "2999-01-01"}}, "filter.asOf", None),
        ({"filter": {"cve": "2024"}}, "filter.cve", None),
        ({"filter": {"nothing": 1}}, "filter.nothing", None),
        ({"filter": {"page": 2}}, "filter.page", "Unknown field."),
        ({"filter": []}, "filter", "Not a valid mapping type."),
        ({"filter": {"search": 5}}, "filter.search", "Not a valid string."),
        ({"resource": "users"}, "resource", None),
        ({"format": "xml"}, "format", None),
        ({"resource": "assets", "format": "sarif"}, "format", "Must be one of: csv, json, ndjson, xlsx."),
        ({"resource": "assets", "filter": {"state": "open"}}, "filter.state", "Unknown field."),
        ({"more": 1}, "more", "Unknown field."),
    ],
)
async def test_what_the_list_would_refuse_is_refused(story, body, field, message):
    full = {"resource": "vulnerabilities", "format": "csv", **body}
    answer = await story.call("POST", "/export", json=full)
    assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")
    (detail_,) = answer.body["details"]
    assert detail_["field"] == field
    name = field.removeprefix("filter.")
    if message is None and name != field:
        (same,) = (await story.refusal("/vulnerabilities", **{name: body["filter"][name]}))["details"]
        message = same["message"]
    assert message is None or detail_["message"] == message


async def test_the_list_of_vulnerabilities_as_a_file(story):
    answer = await story.call(
        "GET",
        "/vulnerabilities/export",
        params={"severity": "critical,HIGH", "search": "srv", "format": "json"},
        headers={"Prefer": "wait=60"},
    )
    assert (answer.status, answer.body["status"]) == (202, "completed")
    export_id = answer.body["jobId"]
    assert answer.headers["Location"] == f"/api/jobs/{export_id}"
    assert (await detail(story, export_id))["filter"] == {"severity": "critical,HIGH", "search": "srv"}
    _, _, whole = await fetch(story, f"/export/{export_id}/download")
    assert json.loads(whole) == await story.walk("/vulnerabilities", severity="critical,HIGH", search="srv")


@pytest.mark.parametrize("params", [{"format": "sarif"}, {"severity": "WORST"}, {"limit": "5"}])
async def test_a_file_of_the_list_takes_its_filters_only(story, params):
    answer = await story.call("GET", "/vulnerabilities/export", params=params)
    (detail_,) = answer.body["details"]
    assert (answer.status, detail_["field"]) == (400, next(iter(params)))


async def test_who_asks_for_the_head_only_exports_nothing(story):
    before = len(await story.walk("/export"))
    answer = await story.call("HEAD", "/vulnerabilities/export")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert len(await story.walk("/export")) == before


async def test_the_log_says_what_was_exported(story):
    export_id = await ask(story, "vulnerabilities", "csv", tag="web")
    line = (await story.get("/security/audit", limit=1, action="export_create_export"))["data"][0]
    assert line["target"] == f"export:{export_id}"
    assert line["after"] == {"resource": "vulnerabilities", "format": "csv", "filter": {"tag": "web"}}
