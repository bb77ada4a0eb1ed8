"""/imports/mappings: what the columns of files of other tools mean, tried out before anything is imported."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from marshmallow import fields, validate

from threatweaver.sdk import (
    EMPTY,
    Caller,
    Conflict,
    Context,
    Example,
    NotFound,
    Page,
    RouteTable,
    Unprocessable,
    bare,
    page,
    uuid7,
)
from threatweaver_exposure.errors import ReportRefused
from threatweaver_exposure.imports.upload import REPORT_FILE
from threatweaver_exposure.mappings import service
from threatweaver_exposure.mappings.queries import LISTING
from threatweaver_exposure.mappings.schemas import (
    MappingCreate,
    MappingGuessOut,
    MappingOut,
    MappingPreviewOut,
    MappingUpdate,
)
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/imports/mappings", tag="Imports")
_HEADERS = {"X-Filename": fields.String(validate=validate.Length(1, 500))}
_TABLE = Example(
    data=b"Host,Issue,Risk\nhost-a,Old TLS,P1\n",
    headers={"X-Filename": "example.csv", "Content-Type": "application/octet-stream"},
)


async def _new(_: Caller) -> Example:
    """A mapping of the table, under a name that no other has."""
    meant = {
        "kind": "csv",
        "columns": {"host": "Host", "title": "Issue", "severity": "Risk"},
        "severities": {"P1": "CRITICAL"},
    }
    return Example(body={"name": f"t{uuid7().hex[-20:]}", "title": "Table", "mapping": meant})


async def _kept(caller: Caller) -> Example:
    """Keep a mapping for the table."""
    made = await caller.call("POST", "/imports/mappings", (await _new(caller)).body)
    return replace(_TABLE, params={"id": made.body["data"]["id"]})


@table.route("GET", permission=Perm.IMPORT_READ, query=LISTING.query, returns=page(MappingOut))
async def list_mappings(ctx: Context) -> Page:
    """List the mappings."""
    found = await ctx.page(LISTING)
    return replace(found, rows=[_wire(row) for row in found.rows])


@table.route(
    "POST",
    permission=Perm.IMPORT_WRITE,
    body=MappingCreate,
    returns=MappingOut,
    status=201,
    errors=(Conflict,),
    example=_new,
)
async def create_mapping(ctx: Context) -> Mapping[str, Any]:
    """Keep what the columns of a tool's files mean, for `POST /imports?mapping=`.

    Its checks are stored as those of `mapped-<name>`. A row whose severity nobody explained, or that names
    no asset where a column for one is mapped, refuses the file; `leftOut` are states whose rows are none.
    With `complete` what a file does not show on its assets is fixed.
    """
    made = await service.create(by=ctx.principal.user_id, **ctx.body)
    return await _one(made.id)


@table.route("GET", "/{id}", permission=Perm.IMPORT_READ, returns=MappingOut)
async def get_mapping(ctx: Context) -> Mapping[str, Any]:
    """Return a mapping."""
    return await _one(ctx.uuid("id"))


@table.route("PUT", "/{id}", permission=Perm.IMPORT_WRITE, body=MappingUpdate, returns=MappingOut)
async def update_mapping(ctx: Context) -> Mapping[str, Any]:
    """Change a mapping; imports that wait or were made keep the version that they were handed in with."""
    await service.update(ctx.uuid("id"), **ctx.body)
    return await _one(ctx.uuid("id"))


@table.route("DELETE", "/{id}", permission=Perm.IMPORT_WRITE, returns=EMPTY)
async def delete_mapping(ctx: Context) -> None:
    """Delete a mapping; what was imported by it stays."""
    await service.delete(ctx.uuid("id"))


@table.route(
    "POST",
    "/guess",
    permission=Perm.IMPORT_WRITE,
    upload=REPORT_FILE,
    headers=_HEADERS,
    returns=bare(MappingGuessOut),
    errors=(ReportRefused, Unprocessable),
    example=_TABLE,
)
async def guess_mapping(ctx: Context) -> dict[str, Any]:
    """Say which columns or members a file has, and which of them probably mean what; nothing is kept."""
    if ctx.upload is None:
        raise Unprocessable
    try:
        return await asyncio.to_thread(service.guessed, ctx.upload)
    finally:
        ctx.upload.discard()


@table.route(
    "POST",
    "/{id}/preview",
    permission=Perm.IMPORT_WRITE,
    upload=REPORT_FILE,
    headers=_HEADERS,
    returns=bare(MappingPreviewOut),
    errors=(ReportRefused, Unprocessable),
    example=_kept,
)
async def preview_mapping(ctx: Context) -> dict[str, Any]:
    """Say how the first 10,000 rows of a file would be read: the first 20, and the first 20 that cannot be.

    Nothing is kept. Without `namesAssets` the file is about what `asset` of the import says, or its name.
    """
    if ctx.upload is None:
        raise Unprocessable
    try:
        return await service.previewed(ctx.uuid("id"), ctx.upload.path)
    finally:
        ctx.upload.discard()


async def _one(mapping_id: UUID) -> Mapping[str, Any]:
    row = await LISTING.one(mapping_id)
    if row is None:
        raise NotFound
    return _wire(row)


def _wire(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = orjson.loads(row["mapping"])
    return {**row, "mapping": {"leftOut": kept.pop("left_out"), **kept}}
