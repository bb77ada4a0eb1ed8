"""/dashboard/newly-critical: what became urgent within days."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare
from threatweaver_exposure import written
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.urgency import charts, service
from threatweaver_exposure.urgency.schemas import NewlyCriticalOut, NewlyCriticalQuery

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET",
    "/newly-critical",
    permission=Perm.DASHBOARD_READ,
    query=NewlyCriticalQuery,
    returns=bare(NewlyCriticalOut),
    rendition=charts.NEWLY_CRITICAL,
)
async def newly_critical(ctx: Context) -> dict[str, Any]:
    """Return what became critical, or known to be exploited, in the last `days`, today included.

    Critical is by severity or by the band of the WeaverScore. `new` were not known before these days; the
    others were, and were scored anew, listed by CISA, or came back.
    """
    return await service.newly_critical(ctx.query)
