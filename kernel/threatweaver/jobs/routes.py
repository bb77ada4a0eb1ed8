"""/jobs: what became of long work."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import RouteTable, Scope, bare, page
from threatweaver.jobs import service, store
from threatweaver.jobs.schemas import JobOut, JobQuery

table = RouteTable(path="/jobs", tag="Jobs")


@table.route("GET", "", permission=Perm.JOB_READ, query=JobQuery, returns=page(JobOut), scope=Scope.CONTROL)
async def list_jobs(ctx: Context) -> Page:
    """List the tenant's background jobs, newest first."""
    number, limit = ctx.query["page"], ctx.query["limit"]
    rows, total = await store.page(
        ctx.principal.tenant_id,
        status=ctx.query.get("status"),
        limit=limit,
        offset=(number - 1) * limit,
    )
    return Page(rows=[service.wire(row) for row in rows], total=total, page=number, limit=limit)


@table.route("GET", "/{id}", permission=Perm.JOB_READ, returns=bare(JobOut), scope=Scope.CONTROL)
async def get_job(ctx: Context) -> dict[str, Any]:
    """Return a job's status and progress, its result when completed, its error when failed."""
    row = await store.find(ctx.uuid("id"), tenant_id=ctx.principal.tenant_id)
    if row is None:
        raise NotFound
    return service.wire(row)


@table.route("POST", "/{id}/cancel", permission=Perm.JOB_CANCEL, returns=bare(JobOut), scope=Scope.CONTROL)
async def cancel(ctx: Context) -> dict[str, Any]:
    """Cancel a queued job at once, ask a running one to stop; a finished one stays as it is."""
    if await store.cancel(ctx.uuid("id"), tenant_id=ctx.principal.tenant_id) is None:
        raise NotFound
    return await get_job(ctx)
