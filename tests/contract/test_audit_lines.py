"""Every write leaves one line in the right log, in its own transaction; a failed one leaves none."""

import pytest

from threatweaver.http.route import PUBLIC, Scope
from threatweaver.ids import uuid7

NOTHING_TO_WRITE = {
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /license/activate",
    "POST /license/import",
}


def members(rows):
    return {"json": {"assetIds": [str(rows.asset)]}}


def writes(rows):
    """Route → path values and body of a call that succeeds; in an order that works."""
    reason = {"until": "2999-01-01T00:00:00Z", "reason": "long enough reason"}
    report = {"data": b"<NessusClientData_v2></NessusClientData_v2>"}
    return {
        "POST /tags": ({}, {"json": {"name": uuid7().hex}}),
        "PUT /tags/{id}": ({"id": rows.tag}, {"json": {"color": "#000000"}}),
        "POST /asset-groups": ({}, {"json": {"name": uuid7().hex}}),
        "PUT /asset-groups/{id}": ({"id": rows.group}, {"json": {"description": "new"}}),
        "POST /asset-groups/{id}/members": ({"id": rows.group}, members(rows)),
        "POST /asset-groups/{id}/remove-members": ({"id": rows.group}, members(rows)),
        "PUT /assets/{uuid}/tags": ({"uuid": rows.asset}, {"json": {"tags": ["a"]}}),
        "POST /vulnerabilities/{id}/accept-risk": ({"id": rows.vulnerability}, {"json": reason}),
        "POST /vulnerabilities/{id}/reopen": ({"id": rows.vulnerability}, {}),
        "POST /imports": ({}, {**report, "headers": {"X-Filename": "r.nessus"}}),
        "POST /jobs/{id}/cancel": ({"id": rows.job}, {}),
        "PUT /admin/settings": ({}, {"json": {"values": {"sessionMax": 9}}}),
        "POST /admin/settings/rollback": ({}, {"json": {"version": 0}}),
        "DELETE /tags/{id}": ({"id": rows.tag}, {}),
        "DELETE /asset-groups/{id}": ({"id": rows.group}, {}),
        "POST /auth/logout": ({}, {}),
    }


@pytest.fixture
def log_of(kernel, tenant):
    async def lines():
        columns = "action, method, path, status, actor_id::text, request_id, address"
        async with kernel.database.owner(tenant.schema) as unit:
            own = await unit.connection.fetch(f"SELECT {columns} FROM audit_line ORDER BY id")
        async with kernel.database.control(read_only=True) as unit:
            control = await unit.connection.fetch(
                f"SELECT {columns} FROM audit_line WHERE tenant_id = $1 ORDER BY id", tenant.id
            )
        return [dict(row) for row in own], [dict(row) for row in control]

    return lines


async def test_every_write_is_in_the_table_above(routes, rows):
    known = set(writes(rows)) | NOTHING_TO_WRITE
    assert {f"{route.method} {route.path}" for route in routes if route.writes} == known


async def test_each_write_leaves_one_line(api, as_role, tenant, rows, path_of, log_of):
    headers, routes = await as_role("admin", tenant), api.routes
    me = await api.call(next(r for r in routes if r.path == "/auth/me"), headers=headers)
    table = {f"{route.method} {route.path}": route for route in routes}
    own, control = await log_of()
    for name, (values, options) in writes(rows).items():
        route = table[name]
        request = uuid7().hex
        sent = {**headers, **options.get("headers", {}), "X-Request-Id": request}
        path = path_of(route, **{key: str(value) for key, value in values.items()})
        answer = await api.call(route, path, **{**options, "headers": sent})
        assert answer.status == route.status, f"{answer}: {answer.body}"
        before, (own, control) = (own, control), await log_of()
        new_own, new_control = own[len(before[0]) :], control[len(before[1]) :]
        expected = {
            "action": route.name,
            "method": route.method,
            "path": f"/api{path}",
            "status": route.status,
            "actor_id": me.body["id"],
            "request_id": request,
            "address": "127.0.0.1",
        }
        in_tenant = route.scope is Scope.TENANT
        assert (new_own, new_control) == (([expected], []) if in_tenant else ([], [expected])), name


async def test_reads_leave_none(api, routes, admin, rows, log_of):
    before = await log_of()
    for route in routes:
        if not route.writes:
            await api.call(route, headers=admin)
    assert await log_of() == before


async def test_refused_writes_leave_none(api, admin, viewer, rows, log_of):
    before = await log_of()
    for route in api.routes:
        if route.writes and route.permission is not PUBLIC and route.path != "/auth/logout":
            for headers in ({}, viewer, admin):
                answer = await api.call(route, headers=headers, json={"unknown": 1})
                assert answer.status in (400, 401, 403, 415), str(answer)
    assert await log_of() == before


async def test_a_write_that_fails_inside_its_handler_leaves_none(client, admin, log_of):
    name = uuid7().hex
    async with client.post("/api/tags", json={"name": name}, headers=admin) as answer:
        assert answer.status == 201
    before = await log_of()
    async with client.post("/api/tags", json={"name": name}, headers=admin) as answer:
        assert answer.status == 409
    async with client.put(f"/api/tags/{uuid7()}", json={"name": "x"}, headers=admin) as answer:
        assert answer.status == 404
    headers = {**admin, "X-Filename": "x.nessus", "Content-Type": "application/xml"}
    async with client.post("/api/imports", data=b"no report", headers=headers) as answer:
        assert answer.status == 422
    assert await log_of() == before
