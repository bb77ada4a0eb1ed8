"""/dashboard/group-comparison: asset groups or tags side by side."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare
from threatweaver_exposure import written
from threatweaver_exposure.comparison import charts, service
from threatweaver_exposure.comparison.schemas import ComparisonOut, ComparisonQuery
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET",
    "/group-comparison",
    permission=Perm.DASHBOARD_READ,
    query=ComparisonQuery,
    returns=bare(ComparisonOut),
    rendition=charts.GROUP_COMPARISON,
)
async def group_comparison(ctx: Context) -> dict[str, Any]:
    """Return asset groups or tags side by side, those with the highest risk score first.

    Each has its active vulnerabilities by severity, those in breach of the policy, and what was closed in the
    last `days` with the mean time that took.
    """
    return await service.compare(ctx.query)
