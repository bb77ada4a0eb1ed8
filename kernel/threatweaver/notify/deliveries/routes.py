"""/notification/deliveries: what was sent to whom, and sending it again."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import Conflict
from threatweaver.http.output import Page
from threatweaver.http.route import RouteTable, page
from threatweaver.notify.deliveries import examples, service
from threatweaver.notify.deliveries.queries import LOG, one
from threatweaver.notify.deliveries.schemas import DeliveryOut

table = RouteTable(path="/notification/deliveries", tag="Notifications")


@table.route("GET", permission=Perm.NOTIFICATION_READ, query=LOG.query, returns=page(DeliveryOut))
async def list_deliveries(ctx: Context) -> Page:
    """List deliveries, newest first: status, attempts, the receiver's code and the last error."""
    return await ctx.page(LOG)


@table.route("GET", "/{id}", permission=Perm.NOTIFICATION_READ, returns=DeliveryOut, example=examples.tested)
async def get_delivery(ctx: Context) -> dict[str, Any]:
    """Return a delivery."""
    return await one(ctx.uuid("id"))


@table.route(
    "POST",
    "/{id}/retry",
    permission=Perm.NOTIFICATION_WRITE,
    returns=DeliveryOut,
    errors=(Conflict,),
    example=examples.tested,
)
async def retry(ctx: Context) -> dict[str, Any]:
    """Queue a delivery again that was given up; it is sent within a minute."""
    await service.retry(ctx.uuid("id"))
    return await one(ctx.uuid("id"))
