"""A call of every route succeeds, made from its declarations alone, and its answer fits the document."""

import pytest
from yarl import URL

from threatweaver.http.route import METHODS, Route
from threatweaver.kernel import Kernel
from threatweaver.testing.conformance.fixtures import Nowhere, Routes
from threatweaver.testing.contract import known
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import NotCallable, Person
from threatweaver.testing.identities import Headers
from threatweaver.testing.licenses import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_route_can_be_called(api: DocumentedApi, callable_routes: Routes, person: Person) -> None:
    wrong = []
    for route in callable_routes:
        try:
            answer = await api.send(await person.prepare(route))
        except (NotCallable, AssertionError) as error:
            wrong.append(str(error))
            continue
        if answer.status != route.status:
            wrong.append(f"{answer}: {answer.body}")
    assert not wrong, "\n".join(wrong)


async def test_every_rendition_is_answered_when_it_is_asked_for(
    api: DocumentedApi, callable_routes: Routes, person: Person
) -> None:
    """In its media type and with a tag of its own, and JSON for everybody else; caches know by what."""
    wrong = []
    for route in callable_routes:
        if route.rendition is None:
            continue
        call, media = await person.prepare(route), route.rendition.content_type
        plain, drawn = await api.send(call), await api.send(call.by({"Accept": media}))
        kinds = [answer.headers["Content-Type"].partition(";")[0] for answer in (plain, drawn)]
        again = await api.send(call.by({"Accept": media, "If-None-Match": drawn.headers["ETag"]}))
        fits = kinds == ["application/json", media] and plain.headers["ETag"] != drawn.headers["ETag"]
        varies = all("Accept" in answer.headers.get("Vary", "") for answer in (plain, drawn, again))
        if not (fits and varies and (drawn.status, again.status) == (200, 304)):
            wrong.append(f"{drawn}: {kinds} {again}")
    assert wrong == []


async def test_what_cannot_be_called_is_a_short_list_that_is_true(
    api: DocumentedApi, person: Person, kernel: Kernel
) -> None:
    assert len(known.UNCALLABLE) <= 14
    missing = [path for path, is_missing in known.WITHOUT.items() if is_missing(kernel.registry)]
    for name, reason in known.UNCALLABLE.items():
        if any(name.partition(" ")[2].startswith(path) for path in missing):
            continue
        route = api.find(name)
        assert route is not None, f"{name} is gone: {reason}"
        try:
            answer = await api.send(await person.prepare(route))
        except NotCallable:
            continue
        assert answer.status != route.status, f"{name} can be called: {reason}"


async def test_a_declared_example_is_needed(routes: Routes) -> None:
    """An example for a route that works without is a second truth."""
    named = [f"{route.method} {route.path}" for route in routes if route.example is not None]
    assert set(named) & set(known.EXAMPLES) == set()


async def test_a_method_that_a_path_does_not_know_is_405(
    client: Client, routes: Routes, nowhere: Nowhere, operator: Headers
) -> None:
    """A name beside an id is never taken for one: DELETE /sessions/revoke-others deletes no session."""
    paths: dict[str, list[Route]] = {}
    for route in routes:
        paths.setdefault(route.path, []).append(route)
    wrong = []
    for path, known_here in paths.items():
        known_methods = {route.method for route in known_here}
        known_methods |= {"HEAD" for route in known_here if route.method == "GET" and not route.writes}
        for method in sorted(METHODS - known_methods):
            url = URL(f"/api{nowhere(known_here[0]).path}", encoded=True)
            async with client.request(method, url, headers=operator) as answer:
                allowed = set(answer.headers.get("Allow", "").replace(",", " ").split())
                if answer.status != 405 or allowed != known_methods:
                    wrong.append(f"{method} {path} -> {answer.status} {allowed}")
    assert wrong == []
