"""/admin/retention: how long data is kept, what would go, what went."""

from threatweaver.admin.retention import jobs, service
from threatweaver.admin.retention.queries import RUNS
from threatweaver.admin.retention.schemas import (
    RetentionDueOut,
    RetentionIn,
    RetentionPolicyOut,
    RetentionRunOut,
)
from threatweaver.admin.retention.service import Due, Policy
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.output import Page
from threatweaver.http.route import JOB, RouteTable, Scope, page, rows

table = RouteTable(path="/admin/retention", tag="Administration")


@table.route("GET", permission=Perm.RETENTION_READ, returns=rows(RetentionPolicyOut))
async def get_retention(ctx: Context) -> list[Policy]:
    """List the classes of data and how long each is kept."""
    return await service.policy(ctx.kernel.registry.data_classes)


@table.route("PUT", permission=Perm.RETENTION_WRITE, body=RetentionIn, returns=rows(RetentionPolicyOut))
async def put_retention(ctx: Context) -> list[Policy]:
    """Set how many days the given classes are kept; null is for ever."""
    declared, days = ctx.kernel.registry.data_classes, ctx.body["days"]
    before = await service.change(declared, days)
    ctx.changed("retention", before=before, after={name: days[name] for name in before})
    return await service.policy(declared)


@table.route(
    "GET", "/preview", permission=Perm.RETENTION_READ, returns=rows(RetentionDueOut), scope=Scope.NONE
)
async def preview_retention(ctx: Context) -> list[Due]:
    """Count what a run would delete now, and delete nothing."""
    return await service.preview(ctx.kernel, ctx.principal.tenant_id, ctx.principal.schema)


@table.route("POST", "/run", permission=Perm.RETENTION_WRITE, returns=JOB)
async def run_retention(ctx: Context) -> None:
    """Delete what is older than the policy keeps, now, by a job; the same happens every day by itself."""
    ctx.submit(jobs.apply_retention, user_id=str(ctx.principal.user_id))


@table.route("GET", "/runs", permission=Perm.RETENTION_READ, query=RUNS.query, returns=page(RetentionRunOut))
async def list_runs(ctx: Context) -> Page:
    """List what earlier runs deleted, newest first."""
    return await ctx.page(RUNS)
