"""/appsec/statistics: figures over all findings and assessments."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare, rows
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.statistics import queries
from threatweaver_appsec.statistics.schemas import (
    AgentStatOut,
    DayOut,
    DaysQuery,
    FixTimeOut,
    SummaryOut,
    TargetStatOut,
)

table = RouteTable(path="/appsec/statistics", tag="AppSec statistics")


@table.route("GET", "/summary", permission=Perm.FINDING_READ, returns=bare(SummaryOut))
async def summary(_: Context) -> dict[str, Any]:
    """Return what there is: targets, assessments by state, open findings by severity."""
    return await queries.summary()


@table.route("GET", "/trend", permission=Perm.FINDING_READ, query=DaysQuery, returns=rows(DayOut))
async def trend(ctx: Context) -> Any:
    """Return day by day what was found and fixed, and how many scans ended."""
    return await queries.trend(ctx.query["days"])


@table.route("GET", "/agents", permission=Perm.FINDING_READ, returns=rows(AgentStatOut))
async def agents(_: Context) -> Any:
    """Return by agent how many findings there are, and how many of those decided on were false."""
    return await queries.agents()


@table.route("GET", "/targets", permission=Perm.FINDING_READ, returns=rows(TargetStatOut))
async def targets(_: Context) -> Any:
    """Return the targets with the worst open findings."""
    return await queries.targets()


@table.route("GET", "/fix-times", permission=Perm.FINDING_READ, returns=rows(FixTimeOut))
async def fix_times(_: Context) -> Any:
    """Return by severity how long fixed findings were open."""
    return await queries.fix_times()
