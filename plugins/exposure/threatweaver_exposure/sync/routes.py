"""/sync: fetch assets and findings from Tenable."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from aiohttp import web

from threatweaver.sdk import (
    EMPTY,
    JOB,
    Context,
    NotFound,
    Page,
    RouteTable,
    Scope,
    bare,
    page,
    raw,
    rows,
)
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.sync import example, jobs, queries, service
from threatweaver_exposure.sync.errors import (
    NotConfigured,
    NotResumable,
    SyncRunning,
)
from threatweaver_exposure.sync.models import SyncRun
from threatweaver_exposure.sync.schemas import (
    KeysIn,
    SyncChunkOut,
    SyncConfigIn,
    SyncConfigOut,
    SyncPositionOut,
    SyncProgressOut,
    SyncRefusalOut,
    SyncRunOut,
    SyncScheduleIn,
    SyncScheduleOut,
    SyncSourceOut,
    SyncStartIn,
    SyncStatusOut,
    SyncTestOut,
)

table = RouteTable(path="/sync", tag="Sync")
_EVENTS = "text/event-stream"
_EVERY, _MOST = 1.0, 3600  # seconds between two events, and events until a client has to connect again


@table.route("GET", "/status", permission=Perm.SYNC_READ, returns=bare(SyncStatusOut))
async def status(_: Context) -> dict[str, Any]:
    """Return whether a sync is running, how the latest one went, and when the last one was completed."""
    return await service.status()


@table.route("GET", "/sources", permission=Perm.SYNC_READ, returns=rows(SyncSourceOut))
async def sources(_: Context) -> list[dict[str, Any]]:
    """List where a sync can fetch from."""
    known = (await service.config())["configured"]
    return [
        {
            "name": "tenable",
            "title": "Tenable Vulnerability Management",
            "format": "tenable",
            "configured": known,
        }
    ]


@table.route(
    "POST",
    "/start",
    permission=Perm.SYNC_RUN,
    body=SyncStartIn,
    returns=JOB,
    errors=(NotConfigured, SyncRunning),
    example=example.configured,
)
async def start(ctx: Context) -> None:
    """Start a sync: of what is new since the last completed one, or with `full` of everything."""
    entry = await service.start(full=ctx.body["full"], by=ctx.principal.user_id)
    ctx.changed(f"sync:{entry.id}", after={"full": entry.since is None})
    ctx.submit(jobs.sync_tenable, run_id=str(entry.id))


@table.route(
    "POST",
    "/cancel",
    permission=Perm.SYNC_RUN,
    returns=bare(SyncStatusOut),
)
async def cancel(ctx: Context) -> dict[str, Any]:
    """Ask the running sync, if there is one, to stop after the chunk it is at; what is merged stays."""
    found = await service.cancel()
    ctx.changed(f"sync:{found or 'none'}", after={"cancelRequested": found is not None})
    return await service.status()


@table.route("GET", "/progress", permission=Perm.SYNC_READ, returns=bare(SyncProgressOut))
async def progress(_: Context) -> dict[str, Any]:
    """Return how far the latest sync is; `etaSeconds` from 15 percent on."""
    return await service.progress()


@table.route("GET", "/progress/stream", permission=Perm.SYNC_READ, returns=raw(_EVENTS), scope=Scope.NONE)
async def stream(ctx: Context) -> web.Response:
    """Return the progress as server-sent events, one at each change, until the sync is over."""
    return web.Response(body=_events(ctx), content_type=_EVENTS, headers={"Cache-Control": "no-store"})


async def _events(ctx: Context) -> AsyncIterator[bytes]:
    """Yield events; no transaction is open while nothing happens."""
    said = b""
    for _ in range(_MOST):
        async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
            found = await service.progress()
        data = orjson.dumps(found, default=str)
        yield b": nothing new\n\n" if data == said else b"event: progress\ndata: " + data + b"\n\n"
        said = data
        if found["state"] not in {"queued", "running"} or ctx.kernel.stopping.is_set():
            return
        await asyncio.sleep(_EVERY)


@table.route(
    "GET", "/history", permission=Perm.SYNC_READ, query=queries.LISTING.query, returns=page(SyncRunOut)
)
async def history(ctx: Context) -> Page:
    """List syncs with durations and counts, newest first."""
    return await ctx.page(queries.LISTING)


@table.route("GET", "/history/{id}", permission=Perm.SYNC_READ, returns=SyncRunOut, example=example.stopped)
async def get_run(ctx: Context) -> dict[str, Any]:
    """Return one sync."""
    found = await queries.LISTING.one(ctx.uuid("id"))
    if found is None:
        raise NotFound
    return found


@table.route(
    "GET",
    "/history/{id}/chunks",
    permission=Perm.SYNC_READ,
    query=queries.CHUNKS.query,
    returns=page(SyncChunkOut),
    example=example.stopped,
)
async def list_chunks(ctx: Context) -> Page:
    """List the chunks that a sync merged; each is an import, and can be reverted as one."""
    await _known(ctx)
    return await ctx.page(queries.CHUNKS, run=ctx.uuid("id"))


@table.route(
    "GET",
    "/history/{id}/errors",
    permission=Perm.SYNC_READ,
    query=queries.REFUSALS.query,
    returns=page(SyncRefusalOut),
    example=example.stopped,
)
async def list_errors(ctx: Context) -> Page:
    """List the records that a sync could not take, and where their data is in the quarantine."""
    await _known(ctx)
    return await ctx.page(queries.REFUSALS, run=ctx.uuid("id"))


@table.route(
    "POST",
    "/history/{id}/resume",
    permission=Perm.SYNC_RUN,
    returns=JOB,
    errors=(NotFound, NotResumable, NotConfigured),
    example=example.stopped,
)
async def resume(ctx: Context) -> None:
    """Let the latest sync go on where it stopped, if it failed or was cancelled."""
    entry = await service.resume(ctx.uuid("id"))
    ctx.changed(f"sync:{entry.id}", before={"state": entry.state}, after={"state": "queued"})
    ctx.submit(jobs.sync_tenable, run_id=str(entry.id))


@table.route("GET", "/config", permission=Perm.SYNC_READ, returns=bare(SyncConfigOut))
async def get_config(_: Context) -> dict[str, Any]:
    """Return where Tenable is and what is fetched; never the keys."""
    return await service.config()


@table.route(
    "PUT",
    "/config",
    permission=Perm.SYNC_WRITE,
    body=SyncConfigIn,
    returns=bare(SyncConfigOut),
    example=example.CONFIG,
)
async def set_config(ctx: Context) -> dict[str, Any]:
    """Say where Tenable is and what is fetched; without keys those of before stay, at the same address.

    The keys are kept encrypted. `assetsPerChunk` is Tenable's `num_assets`.
    """
    before = await service.config()
    after = await service.configure(ctx, ctx.body)
    names = ("url", "assetsPerChunk", "minimumSeverity")
    ctx.changed(
        "sync-config",
        before={name: before[name] for name in names},
        after={**{name: after[name] for name in names}, "newKeys": "access_key" in ctx.body},
    )
    return after


@table.route(
    "DELETE",
    "/config",
    permission=Perm.SYNC_WRITE,
    returns=EMPTY,
    errors=(NotConfigured, SyncRunning),
    example=example.configured_only,
)
async def delete_config(ctx: Context) -> None:
    """Forget where Tenable is, and the keys; what was fetched stays."""
    await service.forget()
    ctx.changed("sync-config", after={})


@table.route(
    "POST",
    "/test",
    permission=Perm.SYNC_WRITE,
    body=KeysIn,
    returns=bare(SyncTestOut),
    scope=Scope.NONE,
    errors=(NotConfigured,),
    example=example.KEYS,
)
async def test_connection(ctx: Context) -> dict[str, Any]:
    """Ask Tenable whether it accepts these keys, or those that are stored when none are given.

    `ok` says so; if it is not, `error` and `message` say why.
    """
    async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
        tenable = await service.client(ctx, ctx.body)
    found = await service.check(tenable)
    ctx.changed("sync-config", after={"tested": tenable.url, "ok": found["ok"]})
    return found


@table.route("GET", "/schedule", permission=Perm.SYNC_READ, returns=bare(SyncScheduleOut))
async def get_schedule(_: Context) -> dict[str, Any]:
    """Return how often a sync starts by itself."""
    return await service.schedule()


@table.route(
    "PUT",
    "/schedule",
    permission=Perm.SYNC_WRITE,
    body=SyncScheduleIn,
    returns=bare(SyncScheduleOut),
    errors=(NotConfigured,),
    example=example.scheduled,
)
async def set_schedule(ctx: Context) -> dict[str, Any]:
    """Let a sync start by itself every so many minutes; null: never."""
    before = await service.schedule()
    after = await service.set_schedule(ctx.body["interval_minutes"])
    name = "intervalMinutes"
    ctx.changed("sync-schedule", before={name: before[name]}, after={name: after[name]})
    return after


@table.route(
    "DELETE",
    "/position",
    permission=Perm.SYNC_WRITE,
    returns=bare(SyncPositionOut),
    errors=(NotConfigured,),
    example=example.configured_only,
)
async def reset_position(ctx: Context) -> dict[str, Any]:
    """Let the next sync fetch everything; returns what the position was."""
    before = await service.reset_position()
    ctx.changed("sync-position", before={"position": before and before.isoformat()}, after={"position": None})
    return {"position": before}


async def _known(ctx: Context) -> None:
    if not await SyncRun.exists(id=ctx.uuid("id")):
        raise NotFound
