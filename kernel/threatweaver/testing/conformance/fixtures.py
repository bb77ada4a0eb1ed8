"""What the suite asks, and who asks it: the chosen routes, and people who may call all or none of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol

import pytest
import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar
from marshmallow import fields

from threatweaver.http.route import Route
from threatweaver.ids import uuid7
from threatweaver.isolation import service as isolation
from threatweaver.isolation.outcome import Outcome
from threatweaver.jobs.worker import Worker
from threatweaver.kernel import Kernel
from threatweaver.plugins import manifest
from threatweaver.plugins.manifest import Manifest
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance import choices
from threatweaver.testing.conformance.options import KERNEL, chosen_plugin
from threatweaver.testing.contract import known, values
from threatweaver.testing.contract.answers import Api, Call
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person
from threatweaver.testing.identities import Headers
from threatweaver.testing.licenses import Client
from threatweaver.testing.plugin import AsRole

Routes = Sequence[Route]
Plugins = Sequence[Manifest]
PersonOf = Callable[..., Awaitable[Person]]


class Nowhere(Protocol):
    """Makes a call of a route whose path ids nothing has, or are this text."""

    def __call__(self, route: Route, *, text: str | None = None, **options: Any) -> Call:
        """Return the call; it is nobody's unless `headers` say so."""


@pytest.fixture(scope="session")
def plugins(request: pytest.FixtureRequest) -> list[Manifest]:
    """The plugins to judge: all that are installed, or the one that was asked for."""
    name = chosen_plugin(request.config)
    return [item for item in manifest.installed() if name in {None, item.name}]


@pytest.fixture(scope="session")
def routes(kernel: Kernel, request: pytest.FixtureRequest) -> list[Route]:
    """The routes to call: every one, or those of the plugin that was asked for."""
    name = chosen_plugin(request.config)
    if name is None:
        return list(kernel.registry.routes)
    modules = {item.manifest.name: item.manifest.module_id for item in kernel.registry.decisions}
    module = None if name == KERNEL else modules[name]
    return [route for route in kernel.registry.routes if route.module_id == module]


@pytest.fixture(scope="session")
def permitted(routes: Routes) -> list[Route]:
    """Every route that asks for a permission."""
    return list(filter(choices.is_permitted, routes))


@pytest.fixture(scope="session")
def callable_routes(kernel: Kernel, routes: Routes) -> list[Route]:
    """Every route that a successful call can be made of."""
    missing = tuple(path for path, is_missing in known.WITHOUT.items() if is_missing(kernel.registry))
    return [route for route in routes if choices.is_callable(route) and not route.path.startswith(missing)]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(client: Client, kernel: Kernel) -> AsyncIterator[DocumentedApi]:
    """Calls the application, and compares each answer with the OpenAPI document."""
    await isolation.store(kernel, uuid7(), Outcome(), b"{}")  # what only a command makes
    async with ClientSession(base_url=client.make_url("/"), cookie_jar=DummyCookieJar()) as session:
        yield DocumentedApi(session, kernel.registry.routes)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def operator(as_role: AsRole, tenant: Tenant) -> Headers:
    """Headers of an administrator who operates the platform, too: nobody may call more."""
    return await as_role("operator", tenant)


@pytest.fixture(scope="session")
def person_of(api: DocumentedApi, as_role: AsRole, worker: Worker) -> PersonOf:  # noqa: ARG001 - it runs jobs
    """A function that makes an administrator of a tenant who can call every route."""

    async def make(tenant: Tenant, role: str = "admin", *, api: Api = api) -> Person:
        async def newcomer() -> Headers:
            return await as_role(role, tenant)

        return Person(api, await newcomer(), known.EXAMPLES, newcomer)

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def person(person_of: PersonOf, tenant: Tenant) -> Person:
    """An administrator of `tenant` who operates the platform, too."""
    return await person_of(tenant, "operator")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def newcomer(kernel: Kernel, as_role: AsRole) -> Headers:
    """Headers of the administrator of a tenant in which nobody has done anything yet."""
    name = f"new-{uuid7().hex[-12:]}"
    made = await provision.create(kernel.database, slug=name, name=name, apps=kernel.registry.apps)
    return await as_role("admin", made)


@pytest.fixture(scope="session")
def nowhere() -> Nowhere:
    """A function that makes a call with ids that nothing has."""

    def make(route: Route, *, text: str | None = None, **options: Any) -> Call:
        path = route.path
        for name, kind in route.params.items():
            some = str(uuid7()) if isinstance(kind, fields.UUID) else str(values.plain(kind, name))
            path = path.replace(f"{{{name}}}", text or some)
        return Call(route=route, path=path, **options)

    return make
