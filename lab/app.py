"""The application: cases, a way to sign in, pages that lead a crawler to them, and a count of requests."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from html import escape
from typing import Any

from aiohttp import web

from lab.case import Case, Handler, Needs, Where
from lab.cases import CASES
from lab.login import api_login, api_register, login, logout, register, show_login, show_register
from lab.pages import NONCE, answer, dress, entry, page
from lab.tls import context
from lab.world import START, USERS, WORLD, World, user_of, world


def make_app(*, safe: bool, only: Collection[str] | None = None) -> web.Application:
    """Return the vulnerable application or its safe twin, with all cases or some; KeyError for others."""
    cases = [CASES[name] for name in only] if only is not None else list(CASES.values())
    app = web.Application(middlewares=[_count, _missing], client_max_size=4 * 1024**2)
    app[WORLD] = World(safe=safe)
    app[START] = _index(cases)
    app.on_response_prepare.append(dress)
    app.on_cleanup.append(_close)
    routes: dict[
        tuple[str, str], Handler
    ] = {  # cases may be about these, and share paths where they share handlers
        ("GET", "/"): app[START],
        ("GET", "/account"): _account(cases),
        ("GET", "/openapi.json"): _openapi(cases),
        ("GET", "/login"): show_login,
        ("POST", "/login"): login(limited=True),
        ("POST", "/api/login"): api_login(limited=True),
        ("GET", "/logout"): logout,
        ("GET", "/register"): show_register,
        ("POST", "/register"): register(strict=True),
        ("POST", "/api/register"): api_register(strict=True),
        ("GET", "/__log"): _log,
    }
    for case in cases:
        routes[case.method, case.path] = case.safe if safe else case.vulnerable
        for route in case.more:
            routes[route.method, route.path] = route.safe if safe and route.safe else route.vulnerable
    for (method, path), handler in routes.items():
        app.router.add_route(method, path, handler)
    return app


@asynccontextmanager
async def serve(app: web.Application, port: int = 0, *, tls: bool = False) -> AsyncIterator[str]:
    """Serve on loopback, the only place where this may be reached; yields the URL, no slash at its end."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context() if tls else None).start()
        base = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        if WORLD in app:
            app[WORLD].base = base
        yield base
    finally:
        await runner.cleanup()


async def _close(app: web.Application) -> None:
    app[WORLD].close()


Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _count(request: web.Request, handler: Next) -> web.StreamResponse:
    request[NONCE] = secrets.token_urlsafe(12)
    if request.path != "/__log":
        world(request).requests[request.path] += 1
    return await handler(request)


@web.middleware
async def _missing(request: web.Request, handler: Next) -> web.StreamResponse:
    """Name the path that is missing, encoded: an echo that is no vulnerability."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return page("Not found", f"<p>There is no {escape(request.path)} here.</p>", status=404)


def _index(cases: list[Case]) -> Handler:
    shown = [case for case in cases if case.listed and not case.api and case.needs != "login"]

    async def index(_request: web.Request) -> web.Response:
        entries = "".join(entry(case) for case in shown)
        links = (
            '<a href="/login">Sign in</a> <a href="/register">Register</a> <a href="/openapi.json">API</a>'
        )
        response = page("Everything for the home", f"<p>{links}</p><ul>{entries}</ul>")
        for case in shown:
            name = case.parameter.name if case.parameter and case.parameter.where == "cookie" else ""
            if name in case.sample:
                response.set_cookie(name, str(case.sample[name]), httponly=True, samesite="Lax")
        return response

    return index


def _account(cases: list[Case]) -> Handler:
    shown = [case for case in cases if case.listed and not case.api and case.needs == "login"]

    async def account(request: web.Request) -> web.Response:
        user = user_of(request)
        if user is None:
            raise web.HTTPFound("/login")
        entries = "".join(entry(case) for case in shown)
        return page(f"Hello {user}", f'<a href="/logout">Sign out</a><ul>{entries}</ul>')

    return account


def _openapi(cases: list[Case]) -> Handler:
    paths: dict[str, dict[str, Any]] = {}
    for path, sample in _ACCOUNTS.items():
        paths[path] = {"post": _operation("POST", path, sample)}
    for case in cases:
        if case.api and case.listed:
            where = case.parameter.where if case.parameter else "query"
            operation = _operation(case.method, case.path, case.sample, where, needs=case.needs)
            paths.setdefault(case.path, {})[case.method.lower()] = operation
            for route in case.more:
                if route.sample is not None:
                    operation = _operation(route.method, route.path, route.sample, needs=route.needs)
                    paths.setdefault(route.path, {})[route.method.lower()] = operation
    content = {"openapi": "3.0.3", "info": {"title": "Home API", "version": "1.0"}, "paths": paths}
    content["components"] = {"securitySchemes": {"session": {"type": "http", "scheme": "bearer"}}}

    async def openapi(request: web.Request) -> web.Response:
        return answer({**content, "servers": [{"url": world(request).base or str(request.url.origin())}]})

    return openapi


_ACCOUNTS: dict[str, dict[str, str]] = {
    "/api/login": {"username": "alice", "password": USERS["alice"]},
    "/api/register": {"username": "", "password": "", "email": ""},
}


def _operation(
    method: str, path: str, sample: Mapping[str, Any], where: Where = "query", needs: Needs = "none"
) -> dict[str, Any]:
    """Describe an operation: what is not in the path is in the body where there can be one."""
    bare = path.replace("{", "").replace("}", "").strip("/").replace("/", "-")
    in_path = [name for name in sample if f"{{{name}}}" in path]
    rest = {name: value for name, value in sample.items() if name not in in_path}
    operation: dict[str, Any] = {
        "operationId": f"{bare}-{method.lower()}",
        "parameters": [
            {"name": name, "in": "path", "required": True, **_example(sample[name])} for name in in_path
        ],
        "responses": {"200": {"description": "Done."}},
    }
    if needs in {"login", "two identities"}:
        operation["security"] = [{"session": []}]
    if where == "xml":
        content = {"schema": {"type": "string"}, "example": sample["body"]}
        operation["requestBody"] = {"content": {"application/xml": content}}
    elif rest and method in {"POST", "PUT", "PATCH"}:
        properties = {name: {**_example(value)["schema"], "example": value} for name, value in rest.items()}
        schema = {"type": "object", "properties": properties}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema, "example": rest}}}
    else:
        kind = where if where in {"header", "cookie"} else "query"
        operation["parameters"] += [
            {"name": name, "in": kind, **_example(value)} for name, value in rest.items()
        ]
    return operation


def _example(value: Any) -> dict[str, Any]:
    kinds = {bool: "boolean", int: "integer", str: "string", dict: "object", list: "array"}
    return {"schema": {"type": kinds[type(value)]}, "example": value}


async def _log(request: web.Request) -> web.Response:
    paths = world(request).requests
    return answer({"requests": paths.total(), "paths": dict(paths)})
