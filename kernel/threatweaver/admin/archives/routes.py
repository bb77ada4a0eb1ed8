"""/admin/archives: what is archived, archiving more, download, bringing back, deleting."""

import asyncio

from aiohttp import web

from threatweaver.admin.archives import examples, files, jobs, service
from threatweaver.admin.archives.errors import ArchiveDamaged, NotRestorable
from threatweaver.admin.archives.queries import LISTING
from threatweaver.admin.archives.schemas import ArchiveIn, ArchiveOut, ArchiveQuery
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, JOB, RouteTable, page, raw

table = RouteTable(path="/admin/archives", tag="Administration")


@table.route("GET", permission=Perm.ARCHIVE_READ, query=LISTING.query, returns=page(ArchiveOut))
async def list_archives(ctx: Context) -> Page:
    """List the archives, newest first."""
    return await ctx.page(LISTING)


@table.route("POST", permission=Perm.ARCHIVE_WRITE, body=ArchiveIn, returns=JOB, errors=(Unprocessable,))
async def create_archive(ctx: Context) -> None:
    """Move the data of one class that is older than a moment out of the database into a file, by a job."""
    name, before = ctx.body["data_class"], ctx.body["before"]
    service.archivable(ctx.kernel.registry.data_classes, name, before)
    user_id = str(ctx.principal.user_id)
    ctx.submit(jobs.create_archive, data_class=name, before=before.isoformat(), user_id=user_id)


@table.route(
    "GET",
    "/{id}/file",
    permission=Perm.ARCHIVE_READ,
    example=examples.by_path,
    returns=raw("application/zip"),
    errors=(ArchiveDamaged,),
)
async def download_archive(ctx: Context) -> web.FileResponse:
    """Download an archive: a ZIP file with a CSV file for each table."""
    archive = await service.find(ctx.uuid("id"))
    path = files.path_of(ctx.kernel.settings, ctx.principal.tenant_id, archive.id)
    if not await asyncio.to_thread(path.is_file):
        raise ArchiveDamaged
    name = f'attachment; filename="{archive.data_class}-{archive.before:%Y-%m-%d}.zip"'
    return web.FileResponse(path, headers={"Content-Disposition": name, "Content-Type": "application/zip"})


@table.route(
    "POST",
    "/{id}/restore",
    permission=Perm.ARCHIVE_WRITE,
    example=examples.by_path,
    returns=JOB,
    errors=(NotFound, NotRestorable),
)
async def restore_archive(ctx: Context) -> None:
    """Bring an archive's rows back, by a job; rows that are there stay as they are."""
    archive = await service.find(ctx.uuid("id"))
    service.restorable(ctx.kernel.registry.data_classes, archive)
    ctx.submit(jobs.restore_archive, archive_id=str(archive.id))


@table.route(
    "DELETE",
    permission=Perm.ARCHIVE_WRITE,
    query=ArchiveQuery,
    example=examples.by_query,
    returns=EMPTY,
    errors=(NotFound,),
)
async def delete_archive(ctx: Context) -> None:
    """Delete an archive and its file, for good; `id` names it."""
    archive = await service.delete(ctx.kernel.settings, ctx.query["id"], ctx.principal.tenant_id)
    ctx.changed(f"archive:{archive.id}", before={"dataClass": archive.data_class, "rows": archive.rows})
