"""/changes: what became of vulnerabilities, in order, for who keeps a copy."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare
from threatweaver_exposure.changes import queries
from threatweaver_exposure.changes.schemas import ChangesOut, ChangesQuery
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/changes", tag="Changes")


@table.route(
    "GET", permission=Perm.VULNERABILITY_READ, query=ChangesQuery, returns=bare(ChangesOut), scoped=True
)
async def list_changes(ctx: Context) -> dict[str, Any]:
    """Return what changed after a cursor, in the order in which it happened; without one, from the beginning.

    `nextCursor` goes on from here, now or weeks later; `more` says whether there is more already. Nothing is
    missed and nothing comes twice, whatever is imported in between.
    """
    limit = ctx.query["limit"]
    found = await queries.after(ctx.query["cursor"], most=limit + 1, within=ctx.within)
    shown = found[:limit]
    last = shown[-1]["cursor"] if shown else str(ctx.query["cursor"])
    return {"data": shown, "nextCursor": last, "more": len(found) > limit}
