"""/export: a list as a file. Asked for here, written by a job, fetched whole or by chunks."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web
from marshmallow import fields, validate

from threatweaver.sdk import EMPTY, JOB, Context, NotFound, Page, RouteTable, page, raw
from threatweaver_exposure.exports import access, queries, service
from threatweaver_exposure.exports.errors import NotReadable, NotReady
from threatweaver_exposure.exports.example import written
from threatweaver_exposure.exports.jobs import write_export
from threatweaver_exposure.exports.layouts import LAYOUTS
from threatweaver_exposure.exports.queries import LISTING
from threatweaver_exposure.exports.schemas import (
    ExportDetailOut,
    ExportIn,
    ExportOut,
    VulnerabilityExportIn,
)
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/export", tag="Exports")
of_vulnerabilities = RouteTable(path="/vulnerabilities/export", tag="Vulnerabilities")


@table.route(
    "POST",
    permission=Perm.EXPORT_WRITE,
    body=ExportIn,
    returns=JOB,
    errors=(NotReadable,),
    scoped=True,
)
async def create_export(ctx: Context) -> None:
    """Write a list into a file, by a job; the export has the id of that job.

    `filter` holds the parameters of the list's own filters. Exports are kept for seven days.
    """
    await _ask(ctx, ctx.body["resource"], ctx.body["format"], ctx.body["filter"])


@of_vulnerabilities.route(
    "GET",
    permission=Perm.EXPORT_WRITE,
    query=VulnerabilityExportIn,
    returns=JOB,
    errors=(NotReadable,),
    scoped=True,
)
async def export_vulnerabilities(ctx: Context) -> None:
    """Write the vulnerabilities that match the list's filters into a CSV or JSON file, by a job.

    Each call makes another export; POST /export takes every format and resource.
    """
    given = {name: text for name, text in ctx.request.query.items() if name != "format"}
    await _ask(ctx, "vulnerabilities", ctx.query["format"], given)


async def _ask(ctx: Context, resource: str, file_format: str, filters: Mapping[str, Any]) -> None:
    within = access.limit_of(ctx, resource)
    entry = await service.ask(
        resource=resource, file_format=file_format, filters=filters, within=within, by=ctx.principal.user_id
    )
    said = {"resource": resource, "format": file_format, "filter": dict(filters)}
    ctx.changed(f"export:{entry.id}", after=said)
    ctx.submit(write_export, id=entry.id, export_id=str(entry.id))


@table.route("GET", permission=Perm.EXPORT_READ, query=LISTING.query, returns=page(ExportOut), scoped=True)
async def list_exports(ctx: Context) -> Page:
    """List one's exports, newest first; administrators see those of everybody."""
    return await ctx.page(LISTING, **access.seen_by(ctx))


@table.route("GET", "/{id}", permission=Perm.EXPORT_READ, returns=ExportDetailOut, scoped=True)
async def get_export(ctx: Context) -> dict[str, Any]:
    """Return an export: its state, and the chunks that are written so far."""
    found = await _visible(ctx)
    return {**found, "chunks": [dict(row) for row in await queries.chunks(found["id"])]}


@table.route(
    "GET",
    "/{id}/chunks/{number}",
    params={"number": fields.Integer(validate=validate.Range(1, 2**31 - 1))},
    permission=Perm.EXPORT_READ,
    returns=raw("application/octet-stream"),
    scoped=True,
    example=written,
)
async def get_chunk(ctx: Context) -> bytes:
    """Return the bytes of a chunk, also while later ones are still being written.

    All chunks in their order are the file. Until the export is complete another attempt may write them anew.
    """
    found = await _visible(ctx)
    data = await queries.data(found["id"], ctx.params["number"])
    if data is None:
        raise NotFound
    return data


@table.route(
    "GET",
    "/{id}/download",
    permission=Perm.EXPORT_READ,
    returns=raw("application/octet-stream"),
    errors=(NotReady,),
    scoped=True,
    example=written,
)
async def download_export(ctx: Context) -> web.Response:
    """Download a complete export as one file."""
    found = await _visible(ctx)
    if found["state"] != "completed":
        raise NotReady
    layout = LAYOUTS[found["format"]]
    name = f"{found['resource']}-{found['createdAt']:%Y-%m-%d}.{layout.ending}"
    return web.Response(
        body=_stream(ctx, found["id"], await queries.chunk_count(found["id"])),
        content_type="application/octet-stream",  # its name says what it is
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _stream(ctx: Context, export_id: UUID, count: int) -> AsyncIterator[bytes]:
    """Yield the chunks; no transaction is open while the reader takes its time."""
    for number in range(1, count + 1):
        async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
            data = await queries.data(export_id, number)
        if data is None:  # deleted meanwhile: the connection breaks, so that nobody takes it for whole
            raise NotFound
        yield data


@table.route(
    "POST",
    "/{id}/cancel",
    permission=Perm.EXPORT_WRITE,
    returns=ExportDetailOut,
    scoped=True,
    example=written,
)
async def cancel_export(ctx: Context) -> dict[str, Any]:
    """Cancel an export that is not written yet; its chunks go, and a final one stays as it is."""
    found = await _visible(ctx)
    await queries.cancel(found["id"])
    after = await get_export(ctx)
    ctx.changed(f"export:{found['id']}", before={"state": found["state"]}, after={"state": after["state"]})
    return after


@table.route("DELETE", "/{id}", permission=Perm.EXPORT_WRITE, returns=EMPTY, scoped=True, example=written)
async def delete_export(ctx: Context) -> None:
    """Delete an export and its file; one that is being written ends."""
    found = await _visible(ctx)
    await queries.delete(found["id"])
    ctx.changed(
        f"export:{found['id']}", before={name: found[name] for name in ("resource", "format", "state")}
    )


async def _visible(ctx: Context) -> dict[str, Any]:
    """Return an export that the caller may see. Raises NotFound."""
    found = await LISTING.one(ctx.uuid("id"), **access.seen_by(ctx))
    if found is None:
        raise NotFound
    return found
