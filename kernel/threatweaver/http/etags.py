"""Entity tags: strong, the digest of what is sent; reads answer 304, writes 412.

`If-Match` is evaluated inside the write's transaction against what the GET route of the same path would
answer there. Writes of one path through the API wait for each other, so nothing changes in between.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import blake2b

from aiohttp import web

from threatweaver.db.transaction import connection, current
from threatweaver.http import gates, input, output  # noqa: A004 - the file vocabulary of the house
from threatweaver.http.context import Context
from threatweaver.http.errors import PreconditionFailed
from threatweaver.http.route import JSON_SHAPES, Route, Scope

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def tagged(route: Route) -> bool:
    """Say whether a route's answers carry a tag: JSON that is read, in whichever rendition."""
    return route.method == "GET" and route.returns.shape in JSON_SHAPES


def conditional(ctx: Context, response: web.StreamResponse) -> web.StreamResponse:
    """Give a read's answer its tag, or answer 304 when the caller has it already."""
    if not tagged(ctx.route) or response.status != 200 or not isinstance(response, web.Response):
        return response  # a stream of events has no end that could be tagged
    tag = _tag(response)
    response.headers["ETag"] = tag
    known = ctx.request.headers.get("If-None-Match")
    if known is None or not _names(known, tag, weakly=True):
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Vary") if name in response.headers}
    return web.Response(status=304, headers=kept)


async def check(ctx: Context) -> None:
    """Compare `If-Match` with what the path's GET would answer now. Raises PreconditionFailed, NotFound."""
    reading, wanted = ctx.reading, ctx.request.headers.get("If-Match")
    if not ctx.route.replaces:
        return
    if reading is None:
        if wanted is not None:
            raise PreconditionFailed
        return
    if ctx.route.scope is not Scope.NONE:
        await _wait_for_others(ctx)
    if wanted is not None and not _names(wanted, _tag(await _current(ctx, reading)), weakly=False):
        raise PreconditionFailed


async def _wait_for_others(ctx: Context) -> None:
    """Hold the path until the transaction ends, as every write of it does."""
    held = f"{ctx.caller.tenant_id if ctx.caller else ''} {ctx.request.path}"
    await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 44))", held)


async def _current(ctx: Context, reading: Route) -> web.StreamResponse:
    query = input.defaults(reading)
    read = replace(ctx, route=reading, query=query, headers={}, body={}, upload=None)
    await gates.permission(read)
    if reading.scope in {ctx.route.scope, Scope.NONE}:
        value = await reading.handler(read)
    else:
        async with _scope_of(ctx, reading):
            value = await reading.handler(read)
    return output.render(reading.returns, value, reading.status)


@asynccontextmanager
async def _scope_of(ctx: Context, reading: Route) -> AsyncIterator[None]:
    """Move the open transaction to where the route reads, and back; open one for a handler without."""
    database, schema = ctx.kernel.database, ctx.principal.schema
    if ctx.route.scope is Scope.NONE:
        tenant = reading.scope is Scope.TENANT
        opened = database.tenant(schema, read_only=True) if tenant else database.control(read_only=True)
        async with opened:
            yield
        return
    unit = current()  # a second connection from within a transaction could wait for itself
    if reading.scope is Scope.TENANT:
        await database.go_on_in_tenant(unit, schema)
        yield
        await database.go_on_in_control(unit)
    else:
        await database.go_on_in_control(unit)
        yield
        await database.go_on_in_tenant(unit, schema)


def _tag(response: web.StreamResponse) -> str:
    body = response.body if isinstance(response, web.Response) else None
    return f'"{blake2b(body if isinstance(body, bytes) else b"", digest_size=16).hexdigest()}"'


def _names(header: str, tag: str, *, weakly: bool) -> bool:
    """Say whether a list of tags has this one; a weak tag never matches strongly."""
    if header.strip() == "*":
        return True
    return any(text == tag and (weakly or not weak) for weak, text in _TAG.findall(header))
