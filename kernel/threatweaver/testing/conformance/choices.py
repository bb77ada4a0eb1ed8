"""Which routes a promise is about."""

from marshmallow import fields

from threatweaver.http.route import PUBLIC, Access, Route, Shape
from threatweaver.testing.contract import known


def name(route: Route) -> str:
    """Return `GET /tags`."""
    return f"{route.method} {route.path}"


def is_guarded(route: Route) -> bool:
    """Say whether the route asks for a signed-in caller."""
    return route.permission is not PUBLIC


def is_permitted(route: Route) -> bool:
    """Say whether the route asks for a permission."""
    return not isinstance(route.permission, Access)


def is_callable(route: Route) -> bool:
    """Say whether a successful call can be made of the route."""
    return name(route) not in known.UNCALLABLE


def is_audited(route: Route) -> bool:
    """Say whether the route is a write of somebody signed in."""
    return route.writes and is_guarded(route)


def is_owned(route: Route) -> bool:
    """Say whether a module owns the route."""
    return route.module_id is not None


def is_list(route: Route) -> bool:
    """Say whether the route answers with rows, in pages or not."""
    return route.returns.shape in {Shape.PAGE, Shape.ROWS}


def is_paged(route: Route) -> bool:
    """Say whether the route answers with a page of rows."""
    return route.returns.shape is Shape.PAGE


def has_id(route: Route) -> bool:
    """Say whether the path holds an id."""
    return any(isinstance(kind, fields.UUID) for kind in route.params.values())


def has_query(route: Route) -> bool:
    """Say whether the route knows query parameters."""
    return route.query is not None


def has_body(route: Route) -> bool:
    """Say whether the route takes JSON."""
    return route.body is not None


def has_no_body(route: Route) -> bool:
    """Say whether the route takes nothing but its path and query."""
    return route.body is None and route.upload is None and route.form is None


def parameters(route: Route) -> set[str]:
    """Return the names of the query parameters, as they are on the wire."""
    return {item.data_key or key for key, item in route.query().fields.items()} if route.query else set()
