"""From Route to aiohttp endpoint: gates, input, then what perform.py does, then cookies."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import NoReturn

from aiohttp import web

from threatweaver import running
from threatweaver.http import etags, gates, input, perform, proxies, upload  # noqa: A004 - the file vocabulary of the house
from threatweaver.http.context import Context
from threatweaver.http.errors import ModuleDisabled
from threatweaver.http.route import SIGNED_IN, Output, Route, Shape
from threatweaver.kernel import KERNEL, Kernel
from threatweaver.plugins.manifest import Manifest

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Place = tuple[tuple[str, ...], tuple[str, ...]]  # the parts of a path before a place, and those after it


def endpoint(route: Route, reading: Route | None) -> Endpoint:
    """Return a fresh aiohttp handler for a route: one application must not share it with another.

    `reading` answers a GET of the same path.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        ctx = Context(request=request, route=route, kernel=request.app[KERNEL], reading=reading)
        await gates.pass_all(ctx)
        for name, values in (await input.read(request, route)).items():
            setattr(ctx, name, values)
        if route.upload is not None:
            limit = route.upload.max_bytes(ctx.kernel.registry.settings)
            ctx.upload = await upload.receive(request, ctx.kernel.settings.spool, limit)
        try:
            with running.on(ctx.kernel):
                response = await perform.answer(ctx)
        except BaseException:
            if ctx.upload is not None:
                ctx.upload.discard()
            raise
        _send_cookies(ctx, response)
        return response

    handle.__name__ = route.handler.__name__
    return handle


def _send_cookies(ctx: Context, response: web.StreamResponse) -> None:
    secure = ctx.secure or not proxies.of(ctx.request).local  # plain HTTP is for this machine alone
    for cookie in ctx.cookies:
        response.set_cookie(**cookie, httponly=True, samesite="Lax", secure=secure)


def mount(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Add the routes to the one flat application, fixed paths before those with parameters."""
    names = _names(routes)
    reads = {route.path: route for route in routes if etags.tagged(route)}
    for route in sorted(routes, key=lambda item: (item.path.count("{"), item.path)):
        handle = endpoint(route, reads.get(route.path))
        # a HEAD asks what a GET would answer, and must not do what one does
        for method in ("GET", "HEAD") if route.method == "GET" and not route.writes else (route.method,):
            app.router.add_route(method, f"/api{_pattern(route.path, names)}", handle)


def _names(routes: Iterable[Route]) -> Mapping[_Place, set[str]]:
    """Return the names that paths have at each place of theirs."""
    found: defaultdict[_Place, set[str]] = defaultdict(set)
    for path in {route.path for route in routes}:
        parts = tuple(path.split("/"))
        for number, part in enumerate(parts):
            if not part.startswith("{"):
                found[parts[:number], parts[number + 1 :]].add(part)
    return found


def _pattern(path: str, names: Mapping[_Place, set[str]]) -> str:
    """Return the path in aiohttp's words; a parameter does not stand for a name that has a path of its own.

    Without this a method that /sessions/revoke-others does not know would be taken to /sessions/{id}.
    """
    parts = tuple(path.split("/"))
    made = list(parts)
    for number, part in enumerate(parts):
        taken = names.get((parts[:number], parts[number + 1 :]))
        if part.startswith("{") and taken:
            others = "|".join(re.escape(name) for name in sorted(taken))
            made[number] = f"{part[:-1]}:(?!(?:{others})(?:/|$))[^/]+}}"
    return "/".join(made)


def mount_refused(app: web.Application, manifest: Manifest, prefixes: Collection[str]) -> None:
    """Let every path below these answer 401 to strangers and 403 MODULE_DISABLED to the rest."""

    async def refuse(_: Context) -> NoReturn:
        """Refuse."""
        raise ModuleDisabled(moduleId=manifest.module_id)

    route = Route(
        method="GET",
        path="",
        handler=refuse,
        permission=SIGNED_IN,
        returns=Output(Shape.EMPTY),
        tag="",
        params={},
    )

    async def handle(request: web.Request) -> web.StreamResponse:
        ctx = Context(request=request, route=route, kernel=_kernel(request))
        await gates.pass_all(ctx)
        await refuse(ctx)

    for prefix in sorted(prefixes):
        app.router.add_route("*", f"/api{prefix}", handle)
        app.router.add_route("*", f"/api{prefix}/{{tail:.*}}", handle)


def _kernel(request: web.Request) -> Kernel:
    return request.app[KERNEL]
