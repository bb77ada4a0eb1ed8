"""Two tenants with the same data: nothing one of them can send shows a trace of the other."""

import pytest

from threatweaver.auth.permissions import PLATFORM
from threatweaver.http.route import PUBLIC
from threatweaver.ids import uuid7
from threatweaver.isolation import slots
from threatweaver.isolation.probe import Probe
from threatweaver.kernel import Kernel
from threatweaver.tenancy import provision
from threatweaver.testing.conformance.choices import name
from threatweaver.testing.conformance.fixtures import PersonOf, Routes

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_route_shows_a_trace_of_the_other_tenant(
    kernel: Kernel, person_of: PersonOf, routes: Routes, callable_routes: Routes
) -> None:
    slugs = [f"iso-{uuid7().hex[-12:]}" for _ in range(2)]
    apps = kernel.registry.apps
    tenants = [await provision.create(kernel.database, slug=slug, name=slug, apps=apps) for slug in slugs]
    ours, theirs = [await person_of(tenant) for tenant in tenants]
    others = {name(route) for route in kernel.registry.routes} - {name(route) for route in routes}
    outcome = await Probe(ours, theirs, most=8, spare=others).run()
    assert outcome.leaks == []
    assert outcome.not_called.keys() & {name(route) for route in callable_routes} == set()
    asked = [r for r in routes if r.permission is not PUBLIC and r.permission not in PLATFORM]
    assert outcome.places == sum(len(list(slots.of(route))) for route in asked)
    made = [route for route in asked if route.method == "POST" and route.status == 201]
    assert outcome.ids >= len(made)
