"""/dashboard/sla…: the time to fix."""

from collections.abc import Sequence
from typing import Any

from threatweaver.sdk import Context, RouteTable, bare, rows
from threatweaver_exposure import written
from threatweaver_exposure.dashboard.schemas import FiltersQuery
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.sla import charts, service
from threatweaver_exposure.sla.schemas import SlaOut, SlaPolicyIn, SlaPolicyOut, SlaQuery, SlaWeekOut

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET", "/sla", permission=Perm.DASHBOARD_READ, query=SlaQuery, returns=bare(SlaOut), rendition=charts.SLA
)
async def compliance(ctx: Context) -> dict[str, Any]:
    """Return how many active vulnerabilities are within the allowed days, due soon and breached, by severity.

    The days are counted from the day of the first sighting, in UTC. `dueSoon` are those of `within` that will
    be breached within 7 days if they are not fixed. A severity without allowed days is not judged. Filters
    are those of /vulnerabilities; tag and group are not known of a past day.
    """
    return await service.compliance(ctx.query)


@table.route(
    "GET",
    "/sla-forecast",
    permission=Perm.DASHBOARD_READ,
    query=FiltersQuery,
    returns=rows(SlaWeekOut),
    rendition=charts.SLA_FORECAST,
)
async def forecast(ctx: Context) -> Sequence[dict[str, Any]]:
    """Return how many will be breached first in each of the next 8 weeks if nothing is fixed.

    A week is seven days; the first one begins tomorrow. Filters are those of /vulnerabilities.
    """
    return await service.forecast(ctx.query)


@table.route("GET", "/sla-policy", permission=Perm.DASHBOARD_READ, returns=bare(SlaPolicyOut))
async def get_policy(_: Context) -> dict[str, Any]:
    """Return in how many days vulnerabilities have to be fixed, by severity; null is never."""
    return await service.policy()


@table.route("PUT", "/sla-policy", permission=Perm.SLA_WRITE, body=SlaPolicyIn, returns=bare(SlaPolicyOut))
async def set_policy(ctx: Context) -> dict[str, Any]:
    """Replace the days in which vulnerabilities have to be fixed, of every severity."""
    before = await service.policy()
    after = await service.set_policy(ctx.body, by=ctx.principal.user_id)
    ctx.changed("sla-policy", before={tier: before[tier] for tier in ctx.body}, after={**ctx.body})
    return after
