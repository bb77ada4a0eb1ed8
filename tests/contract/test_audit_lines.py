"""Every write leaves one line in the right log, in its own transaction; a refused one leaves none."""

import pytest

from threatweaver.http.route import PUBLIC
from threatweaver.ids import uuid7
from threatweaver.testing.contract.answers import Call


@pytest.fixture
def log_of(kernel, tenant):
    """A function: the lines of requests in the tenant's log; those of jobs come when a worker is done."""

    async def lines():
        async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
            rows = await unit.connection.fetch(
                """SELECT action, method, path, status, actor_id::text, request_id, address
                   FROM audit_line WHERE via <> 'job' ORDER BY id"""
            )
        return [dict(row) for row in rows]

    return lines


async def test_each_write_leaves_one_line(api, callable_routes, person, log_of):
    wrong = []
    for route in callable_routes:
        if not route.writes or route.permission is PUBLIC:
            continue
        call = await person.prepare(route)
        me = await api.send(Call(route=api.find("GET /auth/me"), path="/auth/me", headers=call.headers))
        request, before = uuid7().hex, await log_of()
        answer = await api.send(call.by({"X-Request-Id": request}))
        new = [line for line in await log_of() if line not in before]
        expected = {
            "action": route.name,
            "method": route.method,
            "path": f"/api{call.path.partition('?')[0]}",
            "status": route.status,
            "actor_id": me.body["id"],
            "request_id": request,
            "address": "127.0.0.1",
        }
        if answer.status != route.status or new != [expected]:
            wrong.append(f"{answer}: {new}")
    assert wrong == []


async def test_reads_leave_none(api, callable_routes, person, log_of):
    calls = [await person.prepare(route) for route in callable_routes if not route.writes]
    before = await log_of()
    answers = [await api.send(call) for call in calls]
    assert [str(item) for item in answers if item.status != item.route.status] == []
    assert await log_of() == before


async def test_refused_writes_leave_none(api, callable_routes, person, viewer, log_of):
    writes = [route for route in callable_routes if route.writes and route.permission is not PUBLIC]
    calls = [await person.prepare(route) for route in writes]
    before = await log_of()
    for call in calls:
        for refused in (call.anonymous(), broken(call), broken(call.by(viewer))):
            answer = await api.send(refused)
            assert answer.status in (400, 401, 403), str(answer)
    assert await log_of() == before


def broken(call):
    """Return a call with a parameter that no route knows."""
    sign = "&" if "?" in call.path else "?"
    return Call(route=call.route, path=f"{call.path}{sign}unknown=1", headers=call.headers, json=call.json)


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
