"""/security/isolation-reports: what the isolation probe found, for the administrators of every tenant."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import RouteTable, Scope, bare, page
from threatweaver.isolation import queries
from threatweaver.isolation.schemas import IsolationReportDetailOut, IsolationReportOut

table = RouteTable(path="/security/isolation-reports", tag="Security")


@table.route(
    "GET",
    permission=Perm.ISOLATION_READ,
    query=queries.LISTING.query,
    returns=page(IsolationReportOut),
    scope=Scope.CONTROL,
)
async def list_isolation_reports(ctx: Context) -> Page:
    """List the runs of `threatweaver doctor isolation` on this installation, newest first."""
    return await ctx.page(queries.LISTING)


@table.route(
    "GET",
    "/{id}",
    permission=Perm.ISOLATION_READ,
    returns=bare(IsolationReportDetailOut),
    scope=Scope.CONTROL,
)
async def get_isolation_report(ctx: Context) -> dict[str, Any]:
    """Return a report with its signature; it names routes and places, and no row of any tenant."""
    found = await queries.find(ctx.uuid("id"))
    if found is None:
        raise NotFound
    return found
