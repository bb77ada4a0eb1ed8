"""The conformance suite asks what it promises of many routes: none of its choices is empty or small."""

import pytest

from threatweaver.isolation import slots
from threatweaver.testing.conformance import choices
from threatweaver.testing.contract import known


@pytest.mark.parametrize(
    ("choice", "least"),
    [
        (choices.is_guarded, 31),
        (choices.is_permitted, 30),
        (choices.is_owned, 21),
        (choices.is_paged, 8),
        (choices.has_id, 16),
        (choices.has_query, 9),
        (choices.has_body, 10),
        (lambda route: "search" in choices.parameters(route), 4),
        (lambda route: choices.is_paged(route) and "cursor" in choices.parameters(route), 4),
        (lambda route: route.params and not choices.has_id(route), 4),
        (lambda route: any(slots.of(route)), 20),
        (lambda route: route.method == "POST" and route.status == 201, 10),
    ],
)
def test_each_choice_holds_many_routes(routes, choice, least):
    assert sum(bool(choice(route)) for route in routes) >= least


def test_routes_without_a_body_are_of_every_kind(routes):
    assert {"GET", "POST", "DELETE"} <= {r.method for r in filter(choices.has_no_body, routes)}


def test_what_is_excepted_is_there(routes):
    named = {choices.name(route) for route in routes}
    assert set(known.SHARED) | set(known.UNCALLABLE) | set(known.INSTALLATION) <= named
    assert all(any(route.path.startswith(path) for route in routes) for path in known.WITHOUT)
    assert all(choices.has_id(route) for route in routes if choices.name(route) in known.SHARED)
