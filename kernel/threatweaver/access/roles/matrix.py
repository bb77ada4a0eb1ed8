"""Role by route: which role may call what, for the API, the documentation and its review."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from threatweaver.http.route import Access, Route

_WORDS = {
    Access.PUBLIC: "everybody",
    Access.SIGNED_IN: "every role",
    Access.SESSION: "every role, no API token",
}


def rows(routes: Iterable[Route], roles: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """Return one row a route, in the order of paths; `roles` are names and their permissions."""
    held = {name: frozenset(permissions) for name, permissions in roles.items()}
    return [_row(route, held) for route in sorted(routes, key=lambda item: (item.path, item.method))]


def _row(route: Route, held: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    needed = route.permission
    free = isinstance(needed, Access)
    return {
        "method": route.method,
        "path": f"/api{route.path}",
        "access": needed.value if isinstance(needed, Access) else "permission",
        "permission": None if free else str(needed),
        "module": route.module_id,
        "scoped": route.scoped,
        "roles": [name for name, permissions in held.items() if free or needed in permissions],
    }


def markdown(routes: Sequence[Route], roles: Mapping[str, Iterable[str]]) -> str:
    """Return the matrix as docs/permissions.md."""
    names = list(roles)
    lines = [
        "# Who may call what",
        "",
        "Generated from the routes by `make snapshots`; a test compares it. ● may call the route. Routes",
        "marked ◐ also take a grant for an asset group or a tag, and show its rows only. A tenant's own",
        "roles are made of the same permissions; `GET /api/admin/permissions/matrix` includes them.",
        "",
        "| Route | Permission | " + " | ".join(names) + " |",
        "|---|---|" + ":-:|" * len(names),
    ]
    for row, route in zip(rows(routes, roles), _sorted(routes), strict=True):
        needed = route.permission
        word = f"*{_WORDS[needed]}*" if isinstance(needed, Access) else f"`{needed}`"
        marks = ["●" if name in row["roles"] else "" for name in names]
        mark = " ◐" if row["scoped"] else ""
        lines.append(f"| {row['method']} {row['path']}{mark} | {word} | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def _sorted(routes: Iterable[Route]) -> list[Route]:
    return sorted(routes, key=lambda item: (item.path, item.method))
