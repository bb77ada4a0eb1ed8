"""The suite's fixtures, for its tests alone."""

from threatweaver.testing.conformance.fixtures import (
    api,
    callable_routes,
    newcomer,
    nowhere,
    operator,
    permitted,
    person,
    person_of,
    plugins,
    routes,
)

__all__ = [
    "api",
    "callable_routes",
    "newcomer",
    "nowhere",
    "operator",
    "permitted",
    "person",
    "person_of",
    "plugins",
    "routes",
]
