"""/appsec/assessments: make, launch and stop scans."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import (
    EMPTY,
    Caller,
    Context,
    Example,
    NotFound,
    Page,
    RouteTable,
    Unprocessable,
    bare,
    page,
)
from threatweaver_appsec.assessments import queries, service
from threatweaver_appsec.assessments.models import Assessment
from threatweaver_appsec.assessments.queries import LISTING
from threatweaver_appsec.assessments.schemas import (
    AssessmentCreate,
    AssessmentOut,
    AssessmentUpdate,
    CompareQuery,
    ComparisonOut,
)
from threatweaver_appsec.errors import AssessmentRunning, ScansStopped
from threatweaver_appsec.findings.queries import LISTING as FINDINGS
from threatweaver_appsec.findings.schemas import AppsecFindingOut
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.targets import allowed

table = RouteTable(path="/appsec/assessments", tag="AppSec assessments")


@table.route("GET", permission=Perm.ASSESSMENT_READ, query=LISTING.query, returns=page(AssessmentOut))
async def list_assessments(ctx: Context) -> Page:
    """List assessments, the newest first."""
    return await ctx.page(LISTING)


@table.route(
    "POST",
    permission=Perm.ASSESSMENT_WRITE,
    body=AssessmentCreate,
    returns=AssessmentOut,
    status=201,
    errors=(Unprocessable,),
)
async def create_assessment(ctx: Context) -> Mapping[str, Any]:
    """Add an assessment of a target; it begins when it is launched."""
    made = await service.create(by=ctx.principal.user_id, **ctx.body)
    ctx.changed(f"appsec-assessment:{made.id}", after={"targetId": str(made.target_id)})
    return await one(made.id)


@table.route("GET", "/{id}", permission=Perm.ASSESSMENT_READ, returns=AssessmentOut)
async def get_assessment(ctx: Context) -> Mapping[str, Any]:
    """Return an assessment."""
    return await one(ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.ASSESSMENT_WRITE,
    body=AssessmentUpdate,
    returns=AssessmentOut,
    errors=(AssessmentRunning, Unprocessable),
)
async def update_assessment(ctx: Context) -> Mapping[str, Any]:
    """Change an assessment that is not running."""
    await service.update(ctx.uuid("id"), **ctx.body)
    return await one(ctx.uuid("id"))


@table.route("DELETE", "/{id}", permission=Perm.ASSESSMENT_WRITE, returns=EMPTY, errors=(AssessmentRunning,))
async def delete_assessment(ctx: Context) -> None:
    """Delete an assessment with its traces; the findings stay with the target."""
    await service.delete(ctx.uuid("id"))


@table.route(
    "POST",
    "/{id}/launch",
    permission=Perm.ASSESSMENT_RUN,
    returns=AssessmentOut,
    errors=(AssessmentRunning, ScansStopped, Unprocessable),
)
async def launch(ctx: Context) -> Mapping[str, Any]:
    """Put an assessment into the queue; one that is over begins anew.

    Where nobody proved that the target may be scanned, it is `inconclusive` at once, and nothing is sent.
    """
    found = await service.launch(ctx.uuid("id"), allowed.of(ctx.kernel.registry.settings))
    return await _done(ctx, found)


@table.route("POST", "/{id}/stop", permission=Perm.ASSESSMENT_RUN, returns=AssessmentOut)
async def stop(ctx: Context) -> Mapping[str, Any]:
    """Stop an assessment: it sends nothing more within two seconds; what it found stays.

    One that does not run is left as it is.
    """
    return await _done(ctx, await service.stop(ctx.uuid("id")))


@table.route("POST", "/{id}/pause", permission=Perm.ASSESSMENT_RUN, returns=AssessmentOut)
async def pause(ctx: Context) -> Mapping[str, Any]:
    """Pause an assessment; it goes on where it stopped when it is resumed."""
    return await _done(ctx, await service.pause(ctx.uuid("id")))


@table.route(
    "POST",
    "/{id}/resume",
    permission=Perm.ASSESSMENT_RUN,
    returns=AssessmentOut,
    errors=(ScansStopped,),
)
async def resume(ctx: Context) -> Mapping[str, Any]:
    """Let a paused assessment go on."""
    found = await service.resume(ctx.uuid("id"))
    return await _done(ctx, found)


@table.route("POST", "/{id}/clone", permission=Perm.ASSESSMENT_WRITE, returns=AssessmentOut, status=201)
async def clone(ctx: Context) -> Mapping[str, Any]:
    """Add an assessment like this one."""
    return await _done(ctx, await service.clone(ctx.uuid("id"), by=ctx.principal.user_id))


@table.route(
    "GET",
    "/{id}/findings",
    permission=Perm.FINDING_READ,
    query=FINDINGS.query,
    returns=page(AppsecFindingOut),
)
async def assessment_findings(ctx: Context) -> Page:
    """List the findings that an assessment saw, as they are now."""
    await service.known(ctx.uuid("id"))
    return await ctx.page(FINDINGS, assessment_id=ctx.uuid("id"))


async def _two(caller: Caller) -> Example:
    here, there = await caller.some("/appsec/assessments"), await caller.some("/appsec/assessments")
    return Example(params={"id": here}, query={"with": there})


@table.route(
    "GET",
    "/{id}/compare",
    permission=Perm.FINDING_READ,
    query=CompareQuery,
    returns=bare(ComparisonOut),
    errors=(Unprocessable,),
    example=_two,
)
async def compare(ctx: Context) -> Mapping[str, Any]:
    """Compare which findings an assessment saw with another one, or with the one of its target before it."""
    other = await service.compared_with(ctx.uuid("id"), ctx.query.get("with_"))
    return await queries.comparison(ctx.uuid("id"), other)


async def _done(ctx: Context, found: Assessment) -> Mapping[str, Any]:
    ctx.changed(f"appsec-assessment:{found.id}", after={"state": found.state, "reason": found.reason})
    return await one(found.id)


async def one(assessment_id: UUID) -> Mapping[str, Any]:
    """Return an assessment as the list shows it. Raises NotFound."""
    found = await LISTING.one(assessment_id)
    if found is None:
        raise NotFound
    return found
