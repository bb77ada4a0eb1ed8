"""Every route with an id: an id that nothing has, and one of another tenant, are the same 404."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from threatweaver.auth.permissions import PLATFORM
from threatweaver.http.route import Route
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance.choices import has_id, is_list, name
from threatweaver.testing.conformance.fixtures import Routes
from threatweaver.testing.contract import known
from threatweaver.testing.contract.answers import Answer
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person
from threatweaver.testing.identities import Headers
from threatweaver.testing.plugin import Settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
Digest = Callable[[], Awaitable[dict[str, Any]]]
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def everything(kernel: Kernel, tenant: Tenant, settled: Settled) -> Digest:
    """A function: a digest of every row of the tenant, once no job of it changes any."""

    async def digest() -> dict[str, Any]:
        await settled(tenant)
        async with kernel.database.owner(tenant.schema) as unit:
            held = unit.connection
            names = await held.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", tenant.schema
            )
            return {
                name: await held.fetchval(f'SELECT md5(string_agg(t::text, chr(10))) FROM "{name}" t')
                for (name,) in names
            }

    return digest


@pytest.fixture
def with_id(callable_routes: Routes) -> list[Route]:
    """Every route with an id in its path."""
    return list(filter(has_id, callable_routes))


async def test_unknown_ids_are_404(api: DocumentedApi, with_id: Routes, person: Person) -> None:
    answers = []
    for route in with_id:
        call = await person.prepare(route)
        answers.append(await api.send(replace(call, path=_UUID.sub(lambda _: str(uuid7()), call.path))))
    assert [str(item) for item in answers if (item.status, item.code) != (404, "NOT_FOUND")] == []


async def test_ids_of_another_tenant_are_404_and_their_rows_stay(
    api: DocumentedApi,
    with_id: Routes,
    person: Person,
    stranger: Headers,
    everything: Digest,
) -> None:
    owned = [r for r in with_id if name(r) not in known.SHARED and r.permission not in PLATFORM]
    calls = [await person.prepare(route) for route in owned]
    before = await everything()
    answers = [await api.send(call.by(stranger)) for call in calls]
    assert [str(item) for item in answers if (item.status, item.code) != (404, "NOT_FOUND")] == []
    assert await everything() == before


async def test_the_owner_gets_them(api: DocumentedApi, with_id: Routes, person: Person) -> None:
    answers = [await api.send(await person.prepare(route)) for route in with_id if not route.writes]
    assert [str(item) for item in answers if item.status != item.route.status] == []


async def test_lists_of_another_tenant_hold_nothing_of_it(
    api: DocumentedApi, routes: Routes, newcomer: Headers, person: Person
) -> None:
    """What a list of a fresh tenant holds is that tenant's own: no id of it is in the other's list."""
    await person.fill()
    wrong = []
    for route in filter(is_of_a_tenant, routes):
        own = await api.send(await person.prepare(route))
        theirs = await api.send((await person.prepare(route)).by(newcomer))
        shared = ids(own) & ids(theirs)
        if theirs.status != 200 or shared:
            wrong.append(f"{theirs}: {shared}")
    assert wrong == []


def is_of_a_tenant(route: Route) -> bool:
    """Say whether each tenant has its own list here."""
    shared = route.permission in PLATFORM or f"{name(route)}/{{id}}" in known.SHARED
    return is_list(route) and not route.params and not shared


def ids(answer: Answer) -> set[str]:
    """Return every UUID in a list's rows."""
    return set(_UUID.findall(str(answer.body["data"]))) if answer.status == 200 else set()
