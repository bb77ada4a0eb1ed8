"""/dashboard/top-risks and /dashboard/patch-effect: what fixing would bring."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare
from threatweaver_exposure import written
from threatweaver_exposure.fixing import charts, service
from threatweaver_exposure.fixing.schemas import PatchEffectOut, PatchQuery, TopRisksOut, TopRisksQuery
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET",
    "/top-risks",
    permission=Perm.DASHBOARD_READ,
    query=TopRisksQuery,
    returns=bare(TopRisksOut),
    rendition=charts.TOP_RISKS,
)
async def top_risks(ctx: Context) -> dict[str, Any]:
    """Return the definitions or assets whose active vulnerabilities have the most of the summed risk scores.

    `percent` is the share of the sum that goes when all of a row is fixed.
    """
    return await service.top_risks(ctx.query)


@table.route(
    "GET",
    "/patch-effect",
    permission=Perm.DASHBOARD_READ,
    query=PatchQuery,
    returns=bare(PatchEffectOut),
    rendition=charts.PATCH_EFFECT,
)
async def patch_effect(ctx: Context) -> dict[str, Any]:
    """Return the definitions whose fixing would lower the risk score most: what closes, where, and to what.

    The risk score is that of the key figures, over the assets that tag and group choose; severity and dates
    choose what would be fixed, and everything else stays.
    """
    return await service.patch_effect(ctx.query)
