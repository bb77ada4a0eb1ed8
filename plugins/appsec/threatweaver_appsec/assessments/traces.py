"""/appsec/assessments/{id}/…: what a scan does and did, live and afterwards."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from aiohttp import web

from threatweaver.sdk import Context, Page, RouteTable, Scope, bare, page, raw
from threatweaver_appsec.assessments import queries, service
from threatweaver_appsec.assessments.models import DRAFT, OVER, PAUSED, Assessment, AssessmentEvent
from threatweaver_appsec.assessments.schemas import (
    AssessmentEventOut,
    AssessmentProgressOut,
    ChainOut,
    CoverageOut,
    CoverageSummaryOut,
    OperationOut,
    RequestLineOut,
)
from threatweaver_appsec.permissions import Perm

table = RouteTable(path="/appsec/assessments/{id}", tag="AppSec assessments")
_EVENTS = "text/event-stream"
_EVERY, _MOST, _BATCH = 1.0, 3600, 500  # seconds between two looks; looks until a client has to connect again


@table.route("GET", "/progress", permission=Perm.ASSESSMENT_READ, returns=AssessmentProgressOut)
async def progress(ctx: Context) -> Assessment:
    """Return how far an assessment is."""
    return await service.known(ctx.uuid("id"))


@table.route("GET", "/stream", permission=Perm.ASSESSMENT_READ, returns=raw(_EVENTS), scope=Scope.NONE)
async def stream(ctx: Context) -> web.Response:
    """Return what happens as server-sent events, until the assessment is over.

    `Last-Event-ID` goes on behind an event.

    Events: phase_change, progress, agent_start, agent_complete, agent_error, finding_new, chain_discovered,
    assessment_complete.
    """
    async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
        await service.known(ctx.uuid("id"))
    last = ctx.header("Last-Event-ID")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 10 else 0
    return web.Response(body=_told(ctx, after), content_type=_EVENTS, headers={"Cache-Control": "no-store"})


async def _told(ctx: Context, after: int) -> AsyncIterator[bytes]:
    """Yield events; no transaction is open while nothing happens."""
    for _ in range(_MOST):
        async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
            now = await Assessment.get_or_none(id=ctx.uuid("id"))
            told = AssessmentEvent.filter(assessment_id=ctx.uuid("id"), number__gt=after)
            found = await told.order_by("number").limit(_BATCH)
        for event in found:
            after = event.number
            head = f"id: {event.number}\nevent: {event.kind}\ndata: ".encode()
            yield head + orjson.dumps({**event.data, "at": event.at}) + b"\n\n"
        if len(found) == _BATCH:
            continue
        if now is None or now.state in {DRAFT, PAUSED, *OVER} or ctx.kernel.stopping.is_set():
            return
        yield b": still there\n\n"
        await asyncio.sleep(_EVERY)


@table.route(
    "GET",
    "/events",
    permission=Perm.ASSESSMENT_READ,
    query=queries.EVENTS.query,
    returns=page(AssessmentEventOut),
)
async def events(ctx: Context) -> Page:
    """List what an assessment told while it ran."""
    return await _page(ctx, queries.EVENTS)


@table.route(
    "GET",
    "/coverage",
    permission=Perm.ASSESSMENT_READ,
    query=queries.COVERAGE.query,
    returns=page(CoverageOut),
)
async def coverage(ctx: Context) -> Page:
    """List which agent looked where, and what was not tested and why."""
    return await _page(ctx, queries.COVERAGE)


@table.route("GET", "/coverage/summary", permission=Perm.ASSESSMENT_READ, returns=bare(CoverageSummaryOut))
async def coverage_summary(ctx: Context) -> Mapping[str, Any]:
    """Count what was tested, and what was not by why."""
    await service.known(ctx.uuid("id"))
    return await queries.coverage_summary(ctx.uuid("id"))


@table.route(
    "GET",
    "/sitemap",
    permission=Perm.ASSESSMENT_READ,
    query=queries.SITEMAP.query,
    returns=page(OperationOut),
)
async def sitemap(ctx: Context) -> Page:
    """List what discovery found the target can be asked, and how it was found."""
    return await _page(ctx, queries.SITEMAP)


@table.route(
    "GET",
    "/requests",
    permission=Perm.EVIDENCE_READ,
    query=queries.REQUESTS.query,
    returns=page(RequestLineOut),
)
async def requests(ctx: Context) -> Page:
    """List the requests of an assessment, those that were refused and why included."""
    return await _page(ctx, queries.REQUESTS)


@table.route(
    "GET", "/chains", permission=Perm.FINDING_READ, query=queries.CHAINS.query, returns=page(ChainOut)
)
async def chains(ctx: Context) -> Page:
    """List findings that together are worse than each of them."""
    return await _page(ctx, queries.CHAINS)


async def _page(ctx: Context, listing: Any) -> Page:
    await service.known(ctx.uuid("id"))
    return await ctx.page(listing, assessment=ctx.uuid("id"))
