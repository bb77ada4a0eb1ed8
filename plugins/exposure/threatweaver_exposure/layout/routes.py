"""/dashboard/layout: which widgets the caller sees, in which order and size."""

from typing import Any

from threatweaver.sdk import EMPTY, Context, RouteTable, bare, visible_widgets
from threatweaver_exposure.layout import service
from threatweaver_exposure.layout.schemas import LayoutIn, LayoutOut
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/dashboard/layout", tag="Dashboard")


@table.route("GET", permission=Perm.DASHBOARD_READ, returns=bare(LayoutOut))
async def get_layout(ctx: Context) -> dict[str, Any]:
    """Return which widgets the caller sees, in which order and size, and which are hidden.

    Sizes are in quarters of the page's width. Who chose nothing has the standard layout, with every widget.
    """
    return await service.read(ctx.principal.user_id, visible_widgets(ctx))


@table.route("PUT", permission=Perm.LAYOUT_WRITE, body=LayoutIn, returns=bare(LayoutOut))
async def put_layout(ctx: Context) -> dict[str, Any]:
    """Replace the caller's layout; what it does not name is hidden."""
    visible = visible_widgets(ctx)
    me = ctx.principal.user_id
    before = await service.read(me, visible)
    await service.replace(me, ctx.body["widgets"], visible)
    after = await service.read(me, visible)
    ctx.changed(f"dashboard-layout:{me}", before=_order(before), after=_order(after))
    return after


@table.route("DELETE", permission=Perm.LAYOUT_WRITE, returns=EMPTY)
async def delete_layout(ctx: Context) -> None:
    """Go back to the standard layout."""
    await service.forget(ctx.principal.user_id)
    ctx.changed(f"dashboard-layout:{ctx.principal.user_id}")


def _order(layout: dict[str, Any]) -> dict[str, Any]:
    return {"widgets": [widget["name"] for widget in layout["widgets"]]}
