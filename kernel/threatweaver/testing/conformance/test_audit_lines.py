"""Every write leaves one line in the right log, in its own transaction; a refused one leaves none."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from threatweaver.http.route import Route
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance.choices import is_audited
from threatweaver.testing.conformance.fixtures import Routes
from threatweaver.testing.contract.answers import Call
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person
from threatweaver.testing.identities import Headers

pytestmark = pytest.mark.asyncio(loop_scope="session")
LogOf = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def log_of(kernel: Kernel, tenant: Tenant) -> LogOf:
    """A function: the lines of requests in the tenant's log, or those after so many.

    Those of jobs, which come when a worker is done, are not among them.
    """

    async def lines(after: int = 0) -> list[dict[str, Any]]:
        async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
            rows = await unit.connection.fetch(
                """SELECT action, method, path, status, actor_id::text, request_id, address
                   FROM audit_line WHERE via <> 'job' ORDER BY id OFFSET $1""",
                after,
            )
        return [dict(row) for row in rows]

    return lines


@pytest.fixture
def audited(callable_routes: Routes) -> list[Route]:
    """Every write of somebody who is signed in."""
    return list(filter(is_audited, callable_routes))


async def test_each_write_leaves_one_line(
    api: DocumentedApi, audited: Routes, person: Person, log_of: LogOf
) -> None:
    about_me = api.find("GET /auth/me")
    assert about_me is not None
    wrong = []
    for route in audited:
        call = await person.prepare(route)
        me = await api.send(Call(route=about_me, path="/auth/me", headers=call.headers))
        request, before = uuid7().hex, len(await log_of())
        answer = await api.send(call.by({"X-Request-Id": request}))
        new = await log_of(before)
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


async def test_reads_leave_none(
    api: DocumentedApi, callable_routes: Routes, person: Person, log_of: LogOf
) -> None:
    calls = [await person.prepare(route) for route in callable_routes if not route.writes]
    before = await log_of()
    answers = [await api.send(call) for call in calls]
    assert [str(item) for item in answers if item.status != item.route.status] == []
    assert await log_of() == before


async def test_refused_writes_leave_none(
    api: DocumentedApi, audited: Routes, person: Person, viewer: Headers, log_of: LogOf
) -> None:
    calls = [await person.prepare(route) for route in audited]
    before = await log_of()
    for call in calls:
        for refused in (call.anonymous(), broken(call), broken(call.by(viewer))):
            answer = await api.send(refused)
            assert answer.status in {400, 401, 403}, str(answer)
    assert await log_of() == before


def broken(call: Call) -> Call:
    """Return a call with a parameter that no route knows, and without its upload."""
    sign = "&" if "?" in call.path else "?"
    return replace(call, path=f"{call.path}{sign}unknown=1", data=None)
