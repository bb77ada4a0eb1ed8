"""/tenants/{id}/exports: everything of a tenant, written by a job, downloaded as a file."""

from uuid import UUID

from aiohttp import web

from threatweaver.audit import service as audit
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.route import EMPTY, JOB, RouteTable, Scope, raw, rows
from threatweaver.tenancy import examples, export, jobs
from threatweaver.tenancy.export import TenantExport
from threatweaver.tenancy.models import Tenant
from threatweaver.tenancy.schemas import TenantExportOut

table = RouteTable(path="/tenants/{id}/exports", tag="Tenants")
_EXPORT = "/{exportId}"


@table.route(
    "POST",
    permission=Perm.TENANT_WRITE,
    example=examples.some_tenant,
    returns=JOB,
    errors=(NotFound,),
    scope=Scope.NONE,
)
async def export_tenant(ctx: Context) -> None:
    """Write everything of a tenant into a file, by a job; the tenant's own audit log says so."""
    tenant_id = ctx.uuid("id")
    await _exists(ctx, tenant_id)
    await _tell(ctx, "tenant_export")
    ctx.submit(jobs.export_tenant, tenant_id=str(tenant_id))


@table.route(
    "GET",
    permission=Perm.TENANT_READ,
    example=examples.some_tenant,
    returns=rows(TenantExportOut),
    scope=Scope.NONE,
)
async def list_exports(ctx: Context) -> list[TenantExport]:
    """List the exports of a tenant that are kept, newest first."""
    await _exists(ctx, ctx.uuid("id"))
    return await export.finished(ctx.kernel.settings, ctx.uuid("id"))


@table.route(
    "GET",
    _EXPORT,
    permission=Perm.TENANT_READ,
    example=examples.some_export,
    returns=raw("application/zip"),
    scope=Scope.NONE,
)
async def download_export(ctx: Context) -> web.FileResponse:
    """Download an export; the tenant's own audit log says so."""
    path = await export.path_of(ctx.kernel.settings, ctx.uuid("id"), ctx.uuid("exportId"))
    if path is None:
        raise NotFound
    await _tell(ctx, "tenant_export_download")
    name = f'attachment; filename="tenant-{ctx.uuid("id")}.zip"'
    return web.FileResponse(path, headers={"Content-Disposition": name, "Content-Type": "application/zip"})


@table.route(
    "DELETE",
    _EXPORT,
    permission=Perm.TENANT_WRITE,
    example=examples.some_export,
    returns=EMPTY,
    errors=(NotFound,),
    scope=Scope.NONE,
)
async def delete_export(ctx: Context) -> None:
    """Delete an export's file."""
    if await export.path_of(ctx.kernel.settings, ctx.uuid("id"), ctx.uuid("exportId")) is None:
        raise NotFound
    async with ctx.kernel.database.control():  # first: no transaction brings a file back
        await audit.record(f"tenant:{ctx.uuid('id')}", before={"export": str(ctx.uuid("exportId"))})
    await export.delete(ctx.kernel.settings, ctx.uuid("id"), ctx.uuid("exportId"))


async def _exists(ctx: Context, tenant_id: UUID) -> None:
    async with ctx.kernel.database.control(read_only=True):
        if not await Tenant.exists(id=tenant_id):
            raise NotFound


async def _tell(ctx: Context, action: str) -> None:
    """Note in the log of the tenant whose data leaves that an operator took it."""
    await audit.event(
        ctx.kernel,
        action,
        tenant_id=ctx.uuid("id"),
        actor_id=ctx.principal.user_id,
        address=ctx.address,
        request_id=ctx.request_id,
    )
