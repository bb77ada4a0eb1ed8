"""/dashboard: key figures from rollups."""

from typing import Any

from threatweaver.sdk import Context, DashboardFilters, RouteTable, bare, produce_widgets, rows
from threatweaver_exposure.dashboard import queries
from threatweaver_exposure.dashboard.schemas import (
    DashboardQuery,
    KpisOut,
    SeverityOut,
    WidgetOut,
    WidgetsQuery,
)
from threatweaver_exposure.dashboard.wire import wire
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.severity import NAMES

table = RouteTable(path="/dashboard", tag="Dashboard")


@table.route("GET", "/kpis", permission=Perm.DASHBOARD_READ, query=DashboardQuery, returns=bare(KpisOut))
async def kpis(ctx: Context) -> dict[str, Any]:
    """Return total assets, open vulnerabilities by severity, and the risk score.

    The risk score is the mean over all assets of each one's worst open vulnerability, 0 to 100.
    """
    found = await queries.figures(ctx.query)
    counts = {name.lower(): count for name, count in zip(NAMES, found.by_severity, strict=True)}
    return {
        "totalAssets": found.assets,
        "totalVulnerabilities": sum(found.by_severity),
        **counts,
        "riskScore": round(found.risk_score, 1),
    }


@table.route(
    "GET",
    "/severity-breakdown",
    permission=Perm.DASHBOARD_READ,
    query=DashboardQuery,
    returns=rows(SeverityOut),
)
async def severity_breakdown(ctx: Context) -> list[dict[str, Any]]:
    """Return open vulnerabilities by severity, worst first, with their share in percent."""
    found = await queries.figures(ctx.query)
    total = sum(found.by_severity)
    pairs = reversed(list(zip(NAMES, found.by_severity, strict=True)))
    return [
        {"severity": name, "count": count, "percent": round(100 * count / total, 1) if total else 0.0}
        for name, count in pairs
    ]


@table.route("GET", "/widgets", permission=Perm.DASHBOARD_READ, query=WidgetsQuery, returns=rows(WidgetOut))
async def widgets(ctx: Context) -> list[dict[str, Any]]:
    """Return the data of the widgets that `widgets` names, or of all that the caller may see.

    Every licensed module contributes its own. A widget says which of the filters it honored; one that fails
    says so in `error`, and the others are as they are.
    """
    given = dict(ctx.query)
    names = given.pop("widgets", None)
    if "severity" in given:
        given["severity"] = tuple(given["severity"])
    return [wire(item) for item in await produce_widgets(ctx, names, DashboardFilters(**given))]
