"""/security/audit and /admin/security: the log, its export, its signed roots, and whether it is whole."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web
from marshmallow import fields, validate

from threatweaver.audit import example, export, jobs, listing, queries, roots, tabular
from threatweaver.audit.export import Export
from threatweaver.audit.roots import Root
from threatweaver.audit.schemas import (
    AuditLineOut,
    ExportQuery,
    KeyOut,
    RootOut,
    SummaryOut,
    SummaryQuery,
)
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import JOB, SIGNED_IN, RouteTable, Scope, bare, page, raw

admin = RouteTable(path="/admin/security", tag="Administration")
table = RouteTable(path="/security/audit", tag="Security")
_SEQ = {"seq": fields.Integer(validate=validate.Range(1, 2**63 - 1))}


@admin.route("GET", permission=Perm.AUDIT_READ, query=listing.LINES.query, returns=page(AuditLineOut))
async def security_log(ctx: Context) -> Page:
    """List the security audit log, newest first: who did what, from where, with which outcome."""
    return await list_lines(ctx)


@table.route("GET", permission=Perm.AUDIT_READ, query=listing.LINES.query, returns=page(AuditLineOut))
async def list_lines(ctx: Context) -> Page:
    """List the audit log, newest first; every filter narrows it."""
    return await ctx.page(listing.LINES)


@table.route("GET", "/{seq}", permission=Perm.AUDIT_READ, params=_SEQ, returns=AuditLineOut)
async def get_line(ctx: Context) -> dict[str, Any]:
    """Return one line by its number."""
    found = await listing.LINES.one(ctx.params["seq"])
    if found is None:
        raise NotFound
    return found


@table.route(
    "GET",
    "/export",
    permission=Perm.AUDIT_EXPORT,
    query=ExportQuery,
    returns=raw("application/jsonl"),
    errors=(NotFound,),
    scope=Scope.NONE,
)
async def export_log(ctx: Context) -> web.Response:
    """Export the log as JSON Lines that `threatweaver audit verify` checks; signs a root.

    With `since` the export begins behind the last root of that day: keep one export a month, say.
    """
    made = await _begin(ctx)
    return _file(ctx, made, export.stream(made), "jsonl", "application/jsonl")


@table.route(
    "GET",
    "/export/csv",
    permission=Perm.AUDIT_EXPORT,
    query=ExportQuery,
    returns=raw("text/csv"),
    errors=(NotFound,),
    scope=Scope.NONE,
)
async def export_table(ctx: Context) -> web.Response:
    """Export the log as CSV for a spreadsheet; the JSON Lines are the ones that prove something."""
    made = await _begin(ctx)
    return _file(ctx, made, tabular.stream(made), "csv", "text/csv")


async def _begin(ctx: Context) -> Export:
    schema, key = ctx.principal.schema, roots.signing_key(ctx.kernel.keys.audit)
    async with ctx.kernel.database.tenant(schema):
        since = await _root(ctx.query["since"]) if "since" in ctx.query else None
        scope = partial(ctx.kernel.database.tenant, schema, read_only=True)
        return await export.begin(key, schema, scope, since=since)


def _file(
    ctx: Context, made: Export, pieces: AsyncIterator[bytes], ending: str, content_type: str
) -> web.Response:
    name = f"audit-{ctx.principal.tenant_slug}-{made.root.at[:10]}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=pieces, content_type=content_type, headers=headers)


async def _root(day: date) -> Root:
    found = await queries.root_of(day)
    if found is None:
        raise NotFound
    return found


@table.route("GET", "/roots", permission=Perm.AUDIT_READ, query=listing.ROOTS.query, returns=page(RootOut))
async def list_roots(ctx: Context) -> Page:
    """List the signed ends of the log, newest first: one a day, and one for each export."""
    return await ctx.page(listing.ROOTS)


@table.route(
    "GET",
    "/roots/{date}",
    permission=Perm.AUDIT_READ,
    params={"date": fields.Date(metadata={"description": "A day (UTC)."})},
    returns=RootOut,
    errors=(NotFound,),
    example=example.root,
)
async def get_root(ctx: Context) -> dict[str, Any]:
    """Return the last root that was signed on a day."""
    return (await _root(ctx.params["date"])).wire()


@table.route("POST", "/verify", permission=Perm.AUDIT_READ, returns=JOB)
async def verify_log(ctx: Context) -> None:
    """Check every line and every root of the log; the job's result names the first line that is wrong."""
    ctx.submit(jobs.verify_audit)


@table.route("GET", "/key", permission=SIGNED_IN, returns=bare(KeyOut), scope=Scope.NONE)
async def get_key(ctx: Context) -> dict[str, Any]:
    """Return the public key that checks the roots' signatures; keep it somewhere else."""
    public = roots.signing_key(ctx.kernel.keys.audit).public_key()
    return {"keyId": roots.key_id(public), "algorithm": "Ed25519", "publicKey": roots.key_text(public)}


@table.route("GET", "/summary", permission=Perm.AUDIT_READ, query=SummaryQuery, returns=bare(SummaryOut))
async def get_summary(ctx: Context) -> dict[str, Any]:
    """Return what the last days add up to: actions, failures by address, lines a day."""
    return await listing.summary(datetime.now(UTC) - timedelta(days=ctx.query["days"]))
