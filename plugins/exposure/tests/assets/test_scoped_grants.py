"""Grants for an asset group or a tag: exactly its assets and their vulnerabilities, counts included."""

from dataclasses import replace

import pytest
import pytest_asyncio


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scoped(story, kernel, as_role):
    """A function: somebody without any right but these roles for a group or a tag."""

    async def make(*grants, start="nothing"):
        headers = await as_role(start, story.tenant)
        someone = replace(story, headers=headers)
        me = await someone.get("/auth/me")
        for role, scope, scope_id in grants:
            body = {"userId": me["id"], "role": role, "scope": scope, "scopeId": scope_id}
            answer = await story.call("POST", "/admin/grants", json=body)
            assert answer.status == 201, answer
        kernel.identifier.forget()
        return someone

    return make


@pytest.fixture
def tag(story):
    """A function: the id of a tag."""

    async def found(name):
        rows = (await story.get("/tags", search=name))["data"]
        return next(row["id"] for row in rows if row["name"] == name)

    return found


def numbered(story, *numbers):
    return {story.assets[f"srv{number}.example.com"] for number in numbers}


async def sees(someone, story, assets):
    """Check that somebody sees exactly what the administrator sees of these assets."""
    rows = await someone.walk("/assets", limit=1)
    assert {row["id"] for row in rows} == assets
    assert (await someone.get("/assets"))["meta"]["total"] == len(assets)
    every = await story.walk("/vulnerabilities", state="all")
    own = [row for row in every if row["assetId"] in assets]
    assert await someone.follow("/vulnerabilities", limit=2, state="all") == own
    assert (await someone.get("/vulnerabilities", state="all"))["meta"]["total"] == len(own)
    stats = await someone.get("/vulnerabilities/stats", state="all")
    assert (stats["total"], stats["assets"]) == (len(own), len({row["assetId"] for row in own}))
    for row in every:
        answer = await someone.call("GET", f"/vulnerabilities/{row['id']}")
        assert answer.status == (200 if row["assetId"] in assets else 404)
    for asset in story.assets.values():
        for path in (f"/assets/{asset}", f"/assets/{asset}/vulnerabilities"):
            assert (await someone.call("GET", path)).status == (200 if asset in assets else 404), path
    cve = await someone.get("/vulnerabilities/cve/CVE-2024-1000", state="all")
    of_cve = (await story.get("/vulnerabilities/cve/CVE-2024-1000", state="all"))["data"]
    assert cve["meta"]["total"] == len([row for row in of_cve if row["assetId"] in assets])


async def test_a_group(story, scoped):
    await sees(await scoped(("viewer", "asset_group", story.group)), story, numbered(story, 1, 3))


async def test_a_tag(story, scoped, tag):
    await sees(await scoped(("viewer", "tag", await tag("web"))), story, numbered(story, 1, 4))


async def test_a_group_and_a_tag_together(story, scoped, tag):
    someone = await scoped(("viewer", "asset_group", story.group), ("viewer", "tag", await tag("web")))
    await sees(someone, story, numbered(story, 1, 3, 4))


async def test_a_grant_for_the_whole_tenant_wins(story, scoped):
    someone = await scoped(("viewer", "asset_group", story.group), start="viewer")
    await sees(someone, story, numbered(story, 1, 2, 3, 4, 5))


async def test_nothing_granted_nothing_seen(scoped):
    someone = await scoped()
    for path in ("/assets", "/vulnerabilities", "/vulnerabilities/stats", "/dashboard/kpis"):
        assert (await someone.call("GET", path)).status == 403


@pytest.mark.parametrize(
    "path", ["/dashboard/kpis", "/dashboard/severity-breakdown", "/imports", "/tags", "/jobs"]
)
async def test_what_cannot_be_limited_to_some_rows_is_refused(story, scoped, path):
    someone = await scoped(("admin", "asset_group", story.group))
    answer = await someone.call("GET", path)
    assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")


async def test_rights_over_tags_cannot_be_had_for_some_rows(story, scoped):
    """Whoever could tag assets could widen the tag that limits them."""
    someone = await scoped(("admin", "asset_group", story.group))
    (asset,) = numbered(story, 1)
    assert (await someone.call("PUT", f"/assets/{asset}/tags", json={"tags": ["mine"]})).status == 403
    body = {"assetIds": [story.assets["srv2.example.com"]]}
    path = f"/asset-groups/{story.group}/members"
    assert (await someone.call("POST", path, json=body)).status == 403


async def test_a_risk_is_accepted_within_the_grant_only(story, scoped):
    someone = await scoped(("analyst", "asset_group", story.group))
    accept = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    (foreign,) = await story.vulnerabilities(pluginId=1001, search="srv2")
    path = f"/vulnerabilities/{foreign['id']}"
    for target, options in ((f"{path}/accept-risk", {"json": accept}), (f"{path}/reopen", {})):
        assert (await someone.call("POST", target, **options)).status == 404
    (own, *_) = await someone.vulnerabilities(search="srv3")
    path = f"/vulnerabilities/{own['id']}"
    assert (await someone.call("POST", f"{path}/accept-risk", json=accept)).status == 200
    assert (await someone.call("POST", f"{path}/reopen")).status == 200


async def test_a_token_has_the_grants_of_its_owner_within_its_scopes(story, scoped):
    someone = await scoped(("viewer", "asset_group", story.group))
    body = {"name": "ci", "scopes": ["exposure:asset:read"]}
    made = await someone.call("POST", "/tokens", json=body)
    assert made.status == 201
    token = replace(someone, headers={"X-API-Key": made.body["data"]["secret"]})
    rows = (await token.get("/assets"))["data"]
    assert {row["id"] for row in rows} == numbered(story, 1, 3)
    assert (await token.call("GET", "/vulnerabilities")).status == 403
