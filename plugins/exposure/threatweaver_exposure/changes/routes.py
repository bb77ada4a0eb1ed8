"""/changes: what became of vulnerabilities, in order, for who keeps a copy."""

from typing import Any

from aiohttp import web

from threatweaver.sdk import Context, RouteTable, Scope, bare
from threatweaver_exposure.changes import service, stream
from threatweaver_exposure.changes.errors import ResyncRequired
from threatweaver_exposure.changes.position import CursorField
from threatweaver_exposure.changes.schemas import ChangesOut, ChangesQuery
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/changes", tag="Changes")
_LAST_SEEN = "Last-Event-ID"


@table.route(
    "GET",
    permission=Perm.VULNERABILITY_READ,
    query=ChangesQuery,
    headers={_LAST_SEEN: CursorField()},
    returns=bare(ChangesOut),
    errors=(ResyncRequired,),
    scope=Scope.NONE,
    scoped=True,
)
async def list_changes(ctx: Context) -> dict[str, Any] | web.Response:
    """Return what changed after a cursor, in the order in which it happened; without one, from the beginning.

    `nextCursor` goes on from here, now or weeks later; `more` says whether there is more already. Nothing is
    missed and nothing comes twice, whatever is imported in between. What is gone comes as `deleted`. With
    `wait` an answer without changes comes after so many seconds only. With `Accept: text/event-stream` all of
    it comes as server-sent events (docs/plugins/changes.md).
    """
    limit, position = ctx.query["limit"], ctx.query["cursor"]
    if stream.TYPE in ctx.header("Accept"):
        position = ctx.headers.get(_LAST_SEEN, position)
        async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
            await service.read(position, most=1, within=ctx.within)  # which raises ResyncRequired
        return web.Response(
            body=stream.events(ctx, position, most=limit),
            content_type=stream.TYPE,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
    found = await service.page(ctx, position, most=limit, wait=ctx.query["wait"])
    return {"data": found.changes, "nextCursor": str(found.position), "more": found.more}
