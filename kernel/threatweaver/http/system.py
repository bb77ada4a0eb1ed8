"""/health, the OpenAPI document and the playground: what answers before anybody signs in."""

from functools import partial
from importlib.resources import files
from typing import Any

from aiohttp import web
from marshmallow import fields

from threatweaver.db.transaction import connection
from threatweaver.health import HealthCheck
from threatweaver.http import openapi
from threatweaver.http.context import Context
from threatweaver.http.errors import ServiceUnavailable
from threatweaver.http.output import dumps
from threatweaver.http.route import PUBLIC, RouteTable, Scope, bare
from threatweaver.http.schema import Schema
from threatweaver.kernel import KERNEL

table = RouteTable(path="/health", tag="Health")


class HealthOut(Schema):
    """What a probe reads."""

    status = fields.String(required=True)


class ReadyOut(HealthOut):
    """With the outcome of each check."""

    checks = fields.Dict(required=True)


@table.route("GET", "/live", permission=PUBLIC, returns=bare(HealthOut), scope=Scope.NONE)
async def live(_: Context) -> dict[str, Any]:
    """Say that the process runs."""
    return {"status": "ok"}


@table.route("GET", "/ready", permission=PUBLIC, returns=bare(ReadyOut), scope=Scope.NONE)
async def ready(ctx: Context) -> dict[str, Any]:
    """Say whether the process can serve: database reachable, plugins healthy, not shutting down."""
    database = HealthCheck(name="database", check=partial(_ask_database, ctx))
    checks = {item.name: await item.state() for item in (database, *ctx.kernel.registry.health_checks)}
    if ctx.kernel.stopping.is_set():
        checks["process"] = "stopping"
    if set(checks.values()) != {"ok"}:
        raise ServiceUnavailable(checks=checks)
    return {"status": "ok", "checks": checks}


async def _ask_database(ctx: Context) -> None:
    async with ctx.kernel.database.control(read_only=True):
        await connection().fetchval("SELECT 1")


_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_ASSETS = {
    "": ("index.html", "text/html"),
    "start.js": ("start.js", "text/javascript"),
    "swagger-ui-bundle.js": ("swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("swagger-ui.css", "text/css"),
    "LICENSE": ("LICENSE", "text/plain"),
}


def mount_documents(app: web.Application, version: str) -> None:
    """Serve the OpenAPI document and the playground, every asset from this package."""
    cache: dict[str, bytes] = {}

    async def swagger(request: web.Request) -> web.Response:
        if "document" not in cache:
            routes = request.app[KERNEL].registry.routes
            cache["document"] = dumps(openapi.document(routes, version=version))
        return web.Response(body=cache["document"], content_type="application/json")

    async def asset(request: web.Request) -> web.Response:
        found = _ASSETS.get(request.match_info.get("name", ""))
        if found is None:
            raise web.HTTPNotFound
        name, content_type = found
        if name not in cache:
            cache[name] = (files("threatweaver.http") / "playground" / name).read_bytes()
        headers = {"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-cache"}
        return web.Response(body=cache[name], content_type=content_type, charset="utf-8", headers=headers)

    async def playground(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/api-playground"})

    for path in ("/", "/api", "/api-docs", "/api-playground/"):  # where a newcomer looks first
        app.router.add_route("GET", path, playground)
    app.router.add_route("GET", "/api-docs/swagger.json", swagger)
    app.router.add_route("GET", "/api-playground", asset)
    app.router.add_route("GET", "/api-playground/{name}", asset)
