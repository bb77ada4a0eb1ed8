"""/anomaly: days that were not as usual, what made them so, and who has seen them."""

from dataclasses import replace
from typing import Any

from threatweaver.sdk import Context, Example, NotFound, Page, RouteTable, bare, page, rows
from threatweaver_exposure.anomaly import charts, queries, service
from threatweaver_exposure.anomaly.schemas import (
    AcknowledgeIn,
    AnomalyDetailOut,
    DetectedAnomalyOut,
    MetricSeriesOut,
    SeriesQuery,
    WatchedMetricOut,
)
from threatweaver_exposure.errors import AlreadyAcknowledged
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/anomaly", tag="Anomalies")


@table.route(
    "GET", permission=Perm.ANOMALY_READ, query=queries.LISTING.query, returns=page(DetectedAnomalyOut)
)
async def list_anomalies(ctx: Context) -> Page:
    """List the days on which a metric was not as usual, the latest first.

    `value` lay outside of `lower` to `upper`; `score` says how far: 3.5 are the limits. A job looks every
    night at days that are over. What is bad has a `severity`, what is good is INFO.
    """
    found = await ctx.page(queries.LISTING)
    return replace(found, rows=[service.wire(row) for row in found.rows])


@table.route("GET", "/metrics", permission=Perm.ANOMALY_READ, returns=rows(WatchedMetricOut))
async def list_metrics(_: Context) -> list[dict[str, Any]]:
    """List the series that are watched: what is usual for each, and how today is so far.

    `median` and `mad` are of the last 56 days, of a level those of its daily change; null with fewer than 14.
    `season` is what a weekday adds to the median, Monday first; null where they do not differ. `today` may
    yet have what it lacks, so it is never below.
    """
    return await service.watched()


@table.route(
    "GET",
    "/series",
    permission=Perm.ANOMALY_READ,
    query=SeriesQuery,
    returns=bare(MetricSeriesOut),
    errors=(NotFound,),
    rendition=charts.SERIES,
    example=Example(query={"metric": "new"}),
)
async def get_series(ctx: Context) -> dict[str, Any]:
    """Return a metric's figure of each day, and what was usual for it by the days before.

    `subject` is the format of the reports whose absence is watched by `scanner_silence`: one of those of
    `GET /anomaly/metrics`.
    """
    return await service.course(ctx.query)


@table.route("GET", "/{id}", permission=Perm.ANOMALY_READ, returns=bare(AnomalyDetailOut), errors=(NotFound,))
async def get_anomaly(ctx: Context) -> dict[str, Any]:
    """Return an anomaly and what made it: imports, formats, asset groups, tags, definitions, CVEs and assets.

    Of each the ten that differ most from what is `usual` for them a day, with their `share` of `total`.
    `filter` are parameters of `/vulnerabilities` with which it lists what was counted; `rows` is how many.
    """
    return await service.detail(ctx.uuid("id"))


@table.route(
    "POST",
    "/{id}/acknowledge",
    permission=Perm.ANOMALY_ACKNOWLEDGE,
    body=AcknowledgeIn,
    returns=bare(DetectedAnomalyOut),
    errors=(NotFound, AlreadyAcknowledged),
)
async def acknowledge_anomaly(ctx: Context) -> dict[str, Any]:
    """Say that an anomaly was seen, with a note if there is something to say; once, by whoever is first."""
    note = ctx.body.get("note")
    if await service.acknowledge(ctx.uuid("id"), by=ctx.principal.user_id, note=note):
        ctx.changed(
            f"anomaly:{ctx.uuid('id')}",
            before={"status": queries.OPEN},
            after={"status": queries.ACKNOWLEDGED, "note": note},
        )
    return await service.one(ctx.uuid("id"))
