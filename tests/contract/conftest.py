"""An administrator who can call every route, and somebody of another tenant who should not."""

import sys
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar
from marshmallow import fields

from threatweaver.http.route import PUBLIC
from threatweaver.ids import uuid7
from threatweaver.isolation import service as isolation
from threatweaver.isolation.outcome import Outcome
from threatweaver.testing.contract import known, values
from threatweaver.testing.contract.answers import Call
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person

sys.path.insert(0, str(Path(__file__).parent))  # for reviewed.py


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(client, kernel):
    await isolation.store(kernel, uuid7(), Outcome(), b"{}")  # what only a command makes
    async with ClientSession(base_url=client.make_url("/"), cookie_jar=DummyCookieJar()) as session:
        yield DocumentedApi(session, kernel.registry.routes)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(as_role, tenant):
    """Headers of an administrator who operates the platform, too: nobody may call more."""
    return await as_role("operator", tenant)


@pytest.fixture(scope="session")
def routes(kernel):
    return kernel.registry.routes


@pytest.fixture(scope="session")
def guarded(routes):
    """Every route that asks for a signed-in caller."""
    return [route for route in routes if route.permission is not PUBLIC]


@pytest.fixture(scope="session")
def callable_routes(routes):
    return [route for route in routes if f"{route.method} {route.path}" not in known.UNCALLABLE]


@pytest.fixture(scope="session")
def person_of(api, as_role, worker):
    """A function that makes an administrator of a tenant who can call every route."""

    async def make(tenant, role="admin", *, api=api):
        async def newcomer():
            return await as_role(role, tenant)

        return Person(api, await newcomer(), known.EXAMPLES, newcomer)

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def person(person_of, tenant):
    return await person_of(tenant, "operator")


def unknown(route, *, text=None, **options):
    """Return a call whose path ids nothing has, or are this text."""
    path = route.path
    for name, kind in route.params.items():
        some = str(uuid7()) if isinstance(kind, fields.UUID) else str(values.plain(kind, name))
        path = path.replace(f"{{{name}}}", text or some)
    return Call(route=route, path=path, **options)


@pytest.fixture(scope="session")
def nowhere():
    return unknown
