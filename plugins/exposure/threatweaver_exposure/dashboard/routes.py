"""/dashboard: key figures from rollups."""

from collections.abc import Mapping
from typing import Any

from threatweaver.sdk import SEVERITIES, Context, DashboardFilters, RouteTable, bare, produce_widgets, rows
from threatweaver_exposure import written
from threatweaver_exposure.dashboard import charts, queries
from threatweaver_exposure.dashboard.looks import look
from threatweaver_exposure.dashboard.schemas import (
    DashboardQuery,
    KpisOut,
    SeverityOut,
    WidgetOut,
    WidgetsQuery,
)
from threatweaver_exposure.dashboard.wire import wire
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET",
    "/kpis",
    permission=Perm.DASHBOARD_READ,
    query=DashboardQuery,
    returns=bare(KpisOut),
    rendition=charts.KPIS,
)
async def kpis(ctx: Context) -> dict[str, Any]:
    """Return total assets, open vulnerabilities by severity, and the risk score.

    The risk score is the mean over all assets of each one's worst open vulnerability, 0 to 100. With
    `oncePerFlaw` what several tools found counts once, and `look` is the list of these.
    """
    found = await queries.figures(ctx.query)
    counts = {name.lower(): count for name, count in zip(SEVERITIES, found.by_severity, strict=True)}
    return {
        "totalAssets": found.assets,
        "totalVulnerabilities": sum(found.by_severity),
        **counts,
        "riskScore": round(found.risk_score, 1),
        **_once(ctx.query),
    }


@table.route(
    "GET",
    "/severity-breakdown",
    permission=Perm.DASHBOARD_READ,
    query=DashboardQuery,
    returns=rows(SeverityOut),
    rendition=charts.SEVERITY_BREAKDOWN,
)
async def severity_breakdown(ctx: Context) -> list[dict[str, Any]]:
    """Return open vulnerabilities by severity, worst first, with their share in percent.

    With `oncePerFlaw` what several tools found counts once, and `look` of a row is the list of these.
    """
    found = await queries.figures(ctx.query)
    total = sum(found.by_severity)
    wanted = ctx.query.get("severity") or range(len(SEVERITIES))
    pairs = reversed(list(zip(SEVERITIES, found.by_severity, strict=True)))
    return [
        {
            "severity": name,
            "count": count,
            "percent": round(100 * count / total, 1) if total else 0.0,
            **(_once(ctx.query, severity=name) if SEVERITIES.index(name) in wanted else {}),
        }
        for name, count in pairs
    ]


def _once(query: Mapping[str, Any], **more: str) -> dict[str, Any]:
    """Return where one of each flaw is listed, if they are what is counted."""
    if not query.get("once_per_flaw"):
        return {}
    return {"look": look("/vulnerabilities", query, **more, oncePerFlaw="true")}


@table.route(
    "GET",
    "/widgets",
    permission=Perm.DASHBOARD_READ,
    query=WidgetsQuery,
    returns=rows(WidgetOut),
    depends=None,  # it is made of what other modules know, too, and for this caller
)
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
