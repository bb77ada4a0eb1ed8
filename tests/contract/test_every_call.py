"""A call of every route succeeds, made from its declarations alone, and its answer fits the document."""

from yarl import URL

from threatweaver.http.route import METHODS
from threatweaver.testing.contract import known
from threatweaver.testing.contract.person import NotCallable


async def test_every_route_can_be_called(api, callable_routes, person):
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


async def test_what_cannot_be_called_is_a_short_list_that_is_true(api, person):
    assert len(known.UNCALLABLE) <= 12
    for name, reason in known.UNCALLABLE.items():
        route = api.find(name)
        assert route is not None, f"{name} is gone: {reason}"
        try:
            answer = await api.send(await person.prepare(route))
        except NotCallable:
            continue
        assert answer.status != route.status, f"{name} can be called: {reason}"


async def test_a_declared_example_is_needed(kernel, person):
    """An example for a route that works without is a second truth."""
    for route in kernel.registry.routes:
        if route.example is not None:
            assert f"{route.method} {route.path}" not in known.EXAMPLES


async def test_a_method_that_a_path_does_not_know_is_405(client, routes, nowhere, admin):
    """A name beside an id is never taken for one: DELETE /sessions/revoke-others deletes no session."""
    paths = {}
    for route in routes:
        paths.setdefault(route.path, []).append(route)
    wrong = []
    for path, known_here in paths.items():
        known_methods = {route.method for route in known_here}
        known_methods |= {"HEAD"} if "GET" in known_methods else set()
        for method in sorted(METHODS - known_methods):
            url = URL(f"/api{nowhere(known_here[0]).path}", encoded=True)
            async with client.request(method, url, headers=admin) as answer:
                allowed = set(answer.headers.get("Allow", "").replace(",", " ").split())
                if answer.status != 405 or allowed != known_methods:
                    wrong.append(f"{method} {path} -> {answer.status} {allowed}")
    assert wrong == []
