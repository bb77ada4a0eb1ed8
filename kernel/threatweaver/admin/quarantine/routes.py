"""/admin/quarantine: what imports refused, why, its data; trying again and deleting."""

from typing import Any
from urllib.parse import quote

from aiohttp import web

from threatweaver.admin.quarantine import examples, jobs, service
from threatweaver.admin.quarantine.errors import DataGone, NotReleasable
from threatweaver.admin.quarantine.queries import LISTING
from threatweaver.admin.quarantine.schemas import DeletedOut, DeleteIn, QuarantinedOut
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import LicenseLocked, LicenseReadOnly, NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, JOB, RouteTable, bare, page, raw

table = RouteTable(path="/admin/quarantine", tag="Administration")


@table.route("GET", permission=Perm.QUARANTINE_READ, query=LISTING.query, returns=page(QuarantinedOut))
async def list_quarantine(ctx: Context) -> Page:
    """List the records that imports refused, newest first."""
    return await ctx.page(LISTING)


@table.route(
    "GET",
    "/{id}",
    permission=Perm.QUARANTINE_READ,
    example=examples.by_path,
    returns=bare(QuarantinedOut),
    errors=(NotFound,),
)
async def get_quarantined(ctx: Context) -> dict[str, Any]:
    """Return a refused record without its data."""
    record = await LISTING.one(ctx.uuid("id"))
    if record is None:
        raise NotFound
    return record


@table.route(
    "GET",
    "/{id}/file",
    permission=Perm.QUARANTINE_READ,
    example=examples.by_path,
    returns=raw("application/octet-stream"),
    errors=(NotFound, DataGone),
)
async def download_quarantined(ctx: Context) -> web.FileResponse:
    """Download the data of a refused record, decompressed; the beginning of it where it was too large."""
    record = await service.find(ctx.uuid("id"))
    path = await service.data_of(ctx.kernel.settings, ctx.principal.tenant_id, record)
    # The plain name is ours; the sender's comes percent-encoded, which no quote or line break gets out of.
    name = f"attachment; filename=\"{record.id}\"; filename*=UTF-8''{quote(record.name, safe='')}"
    return web.FileResponse(
        path, headers={"Content-Disposition": name, "Content-Type": "application/octet-stream"}
    )


@table.route(
    "POST",
    "/{id}/release",
    permission=Perm.QUARANTINE_WRITE,
    example=examples.by_path,
    returns=JOB,
    errors=(NotFound, DataGone, NotReleasable, LicenseLocked, LicenseReadOnly),
)
async def release_quarantined(ctx: Context) -> None:
    """Hand a record to the importer that refused it once more, by a job; on success the record goes.

    It fails with the importer's error when the record is refused again, and stays.
    """
    record = await service.find(ctx.uuid("id"))
    service.importer_of(ctx.kernel, record)
    await service.data_of(ctx.kernel.settings, ctx.principal.tenant_id, record)
    ctx.submit(jobs.release_quarantined, record_id=str(record.id))


@table.route(
    "DELETE",
    "/{id}",
    permission=Perm.QUARANTINE_WRITE,
    example=examples.by_path,
    returns=EMPTY,
    errors=(NotFound,),
)
async def delete_quarantined(ctx: Context) -> None:
    """Delete a refused record and its data, for good."""
    record = await service.find(ctx.uuid("id"))
    await service.delete(ctx.kernel.settings, ctx.principal.tenant_id, [record.id])
    ctx.changed(f"quarantine:{record.id}", before={"name": record.name, "code": record.code})


@table.route(
    "POST",
    "/delete",
    permission=Perm.QUARANTINE_WRITE,
    body=DeleteIn,
    example=examples.by_body,
    returns=bare(DeletedOut),
)
async def delete_several(ctx: Context) -> dict[str, int]:
    """Delete several records and their data, for good; those that are gone already do not count."""
    ids = ctx.body["ids"]
    deleted = await service.delete(ctx.kernel.settings, ctx.principal.tenant_id, ids)
    ctx.changed("quarantine", before={"ids": [str(item) for item in ids]})
    return {"deleted": deleted}
