"""/dashboard/…: figures of what is open now."""

from collections.abc import Mapping, Sequence
from typing import Any

from threatweaver.sdk import Context, RouteTable, bare, rows
from threatweaver_exposure import written
from threatweaver_exposure.backlog import charts, queries, service, tops
from threatweaver_exposure.backlog.schemas import (
    AcceptedRiskOut,
    ActiveQuery,
    AgingOut,
    AgingQuery,
    AssetExposureOut,
    KevExposureOut,
    ScanCoverageOut,
    SourceFiguresOut,
    TopAssetOut,
    TopCveOut,
    TopQuery,
    TopVulnerabilityOut,
)
from threatweaver_exposure.dashboard.schemas import FiltersQuery
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)
_READ = Perm.DASHBOARD_READ


@table.route(
    "GET", "/aging", permission=_READ, query=AgingQuery, returns=bare(AgingOut), rendition=charts.AGING
)
async def aging(ctx: Context) -> dict[str, Any]:
    """Return active vulnerabilities by days since the first sighting, and by severity.

    `startDate` and `endDate` of a band are the filters of /vulnerabilities that list it.
    """
    return await service.aging(ctx.query)


@table.route(
    "GET",
    "/asset-exposure",
    permission=_READ,
    query=FiltersQuery,
    returns=bare(AssetExposureOut),
    rendition=charts.ASSET_EXPOSURE,
)
async def asset_exposure(ctx: Context) -> dict[str, Any]:
    """Return assets by worst severity and by days since the last scan, for a heat map.

    `counts` of a row has one number for each of `columns`. The last row are assets without any active
    vulnerability. `severity` keeps the assets whose worst one it is; `startDate` and `endDate` are days of
    the last scan.
    """
    return await service.asset_exposure(ctx.query)


@table.route(
    "GET",
    "/top-assets",
    permission=_READ,
    query=TopQuery,
    returns=rows(TopAssetOut),
    rendition=charts.TOP_ASSETS,
)
async def top_assets(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """Return the assets whose active vulnerabilities weigh most.

    A vulnerability weighs 10 if it is critical, 5 if high, 2 if medium, 1 if low, and 0 as information.
    """
    return service.nested(await tops.top_assets(ctx.query))


@table.route(
    "GET",
    "/top-vulnerabilities",
    permission=_READ,
    query=TopQuery,
    returns=rows(TopVulnerabilityOut),
    rendition=charts.TOP_VULNERABILITIES,
)
async def top_vulnerabilities(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """Return the definitions whose active vulnerabilities weigh most, as /dashboard/top-assets weighs."""
    return service.nested(await tops.top_definitions(ctx.query))


@table.route(
    "GET", "/top-cves", permission=_READ, query=TopQuery, returns=rows(TopCveOut), rendition=charts.TOP_CVES
)
async def top_cves(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """Return the CVEs whose active vulnerabilities weigh most, as /dashboard/top-assets weighs."""
    return service.nested(await tops.top_cves(ctx.query))


@table.route(
    "GET",
    "/kev-exposure",
    permission=_READ,
    query=ActiveQuery,
    returns=bare(KevExposureOut),
    rendition=charts.KEV_EXPOSURE,
)
async def kev_exposure(ctx: Context) -> dict[str, Any]:
    """Count the active vulnerabilities that are known to be exploited, as `kev` of the list says."""
    return await service.known_exploited(ctx.query)


@table.route(
    "GET",
    "/scan-coverage",
    permission=_READ,
    query=FiltersQuery,
    returns=bare(ScanCoverageOut),
    rendition=charts.SCAN_COVERAGE,
)
async def scan_coverage(ctx: Context) -> dict[str, Any]:
    """Return how many assets were seen lately, and with a login, and what is not observed any more.

    Tag and group choose assets and what is on them, severity and dates the vulnerabilities.
    """
    return await service.coverage(ctx.query)


@table.route(
    "GET", "/accepted-risk", permission=_READ, returns=bare(AcceptedRiskOut), rendition=charts.ACCEPTED_RISK
)
async def accepted_risk(_: Context) -> dict[str, Any]:
    """Return accepted vulnerabilities by severity, and by when their acceptance runs out."""
    return await service.accepted()


@table.route("GET", "/sources", permission=_READ, returns=rows(SourceFiguresOut), rendition=charts.SOURCES)
async def sources(_: Context) -> Sequence[Mapping[str, Any]]:
    """Return for each format what its reports found that is active, and when the last one was merged."""
    return service.nested(await queries.sources())
