"""The log over HTTP: list, filters, line, export, roots, verification, summary; and who may see it."""

import io

import pytest

from threatweaver.audit import service
from threatweaver.audit.verify import verify_file
from threatweaver.ids import uuid7


@pytest.fixture
def get(client, admin):
    async def answer(path, **params):
        async with client.get(f"/api{path}", params=params, headers=admin) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    return answer


async def make_tag(client, headers, **extra):
    name = uuid7().hex
    async with client.post("/api/tags", json={"name": name}, headers={**headers, **extra}) as response:
        assert response.status == 201
        return (await response.json())["data"]["id"]


async def test_a_write_shows_with_everything_that_is_known_about_it(client, admin, get):
    request = uuid7().hex
    await make_tag(client, admin, **{"X-Request-Id": request, "User-Agent": "tests/1"})
    page = await get("/security/audit", requestId=request)
    (line,) = page["data"]
    me = await get("/auth/me")
    assert line["actorId"] == me["id"]
    assert line["actorEmail"] == me["email"]
    assert (line["via"], line["method"], line["path"], line["status"]) == (
        "password",
        "POST",
        "/api/tags",
        201,
    )
    assert (line["address"], line["userAgent"], line["outcome"]) == ("127.0.0.1", "tests/1", "success")
    assert (await get(f"/security/audit/{line['seq']}"))["data"] == line
    assert (await get("/admin/security", requestId=request))["data"] == [line]


async def test_pages_follow_one_another_without_gap(client, admin, get):
    for _ in range(5):
        await make_tag(client, admin)
    seen, cursor = [], None
    while True:
        page = await get("/security/audit", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [line["seq"] for line in page["data"]]
        cursor = page["meta"]["nextCursor"]
        if cursor is None:
            break
    assert seen == list(range(page["meta"]["total"], 0, -1))


async def test_filters_narrow(client, admin, get, kernel, tenant):
    await service.event(
        kernel,
        "auth.login_failed",
        tenant_id=tenant.id,
        actor_id=None,
        address="198.51.100.7",
        request_id="r",
        outcome="failure",
        target="user:mallory",
        details={"reason": "password"},
    )
    for params in (
        {"outcome": "failure"},
        {"address": "198.51.100.7"},
        {"action": "auth.login_failed,nothing"},
        {"target": "user:mallory"},
        {"search": "LOGIN_fail"},
        {"from": "2020-01-01T00:00:00Z", "outcome": "failure"},
    ):
        page = await get("/security/audit", **params)
        assert [line["after"] for line in page["data"]] == [{"reason": "password"}], params
    assert (await get("/security/audit", to="2020-01-01T00:00:00Z"))["data"] == []


async def test_an_export_over_http_proves_itself_and_goes_on_from_a_root(client, admin, get):
    await make_tag(client, admin)
    async with client.get("/api/security/audit/export", headers=admin) as response:
        assert response.headers["X-Request-Id"]
        assert "attachment" in response.headers["Content-Disposition"]
        whole = await response.read()
    first = verify_file(io.BytesIO(whole))
    root = (await get("/security/audit/roots"))["data"][0]
    assert root["hash"] == first.hash.hex()
    day = root["at"][:10]
    assert (await get(f"/security/audit/roots/{day}"))["data"]["seq"] == first.seq
    await make_tag(client, admin)
    async with client.get("/api/security/audit/export", params={"since": day}, headers=admin) as response:
        rest = await response.read()
    assert verify_file(io.BytesIO(rest)).seq == first.seq + 1
    assert rest.count(b'{"seq"') == 1
    key = await get("/security/audit/key")
    assert key["publicKey"].encode() in whole


async def test_no_cell_of_the_table_is_a_formula(client, admin):
    headers = {**admin, "User-Agent": "=cmd|' /C calc'!A0"}
    await make_tag(client, headers)
    async with client.get("/api/security/audit/export/csv", headers=admin) as response:
        text = await response.text()
    assert response.content_type == "text/csv"
    assert ",'=cmd" in text
    assert ",=cmd" not in text


async def test_verification_on_demand_tells_whole_from_broken(client, admin, worker, kernel, tenant):
    async def result():
        headers = {**admin, "Prefer": "wait=20"}
        async with client.post("/api/security/audit/verify", headers=headers) as response:
            job = await response.json()
        assert job["status"] == "completed", job
        return job["result"]

    assert (await result())["whole"]
    async with kernel.database.owner(tenant.schema) as unit:
        await unit.connection.execute("SET LOCAL session_replication_role = replica")
        await unit.connection.execute("UPDATE audit_line SET action = action || 'x' WHERE id = 2")
    broken = await result()
    assert (broken["whole"], broken["seq"]) == (False, 2)
    async with kernel.database.owner(tenant.schema) as unit:
        await unit.connection.execute("SET LOCAL session_replication_role = replica")
        await unit.connection.execute("UPDATE audit_line SET action = rtrim(action, 'x') WHERE id = 2")


async def test_the_summary_adds_up(client, admin, get):
    await make_tag(client, admin)
    found = await get("/security/audit/summary", days=1)
    total = (await get("/security/audit"))["meta"]["total"]
    assert sum(day["success"] + day["failure"] for day in found["days"]) == total
    assert found["actors"] >= 1


async def test_an_auditor_sees_it_and_an_analyst_does_not(client, tenant, as_role):
    for role, status in (("compliance_officer", 200), ("analyst", 403)):
        async with client.get("/api/security/audit", headers=await as_role(role, tenant)) as response:
            assert response.status == status
