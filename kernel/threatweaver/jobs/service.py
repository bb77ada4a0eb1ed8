"""What can be done with jobs from a request: enqueue after commit, wait, read, cancel."""

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
from aiohttp import web

from threatweaver.db.transaction import Database
from threatweaver.http.output import dumps
from threatweaver.jobs import store

if TYPE_CHECKING:
    from threatweaver.http.context import Context

_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])")
_LONGEST = 60


def wire(row: asyncpg.Record) -> dict[str, Any]:
    """Return the documented body of a job."""
    body: dict[str, Any] = {
        "jobId": row["id"],
        "kind": row["kind"],
        "status": row["status"],
        "progress": row["progress"],
        "statusUrl": f"/api/jobs/{row['id']}",
        "attempts": row["attempts"],
        "createdAt": row["created_at"],
        "startedAt": row["started_at"],
        "finishedAt": row["finished_at"],
    }
    if row["result"] is not None:
        body["result"] = orjson.Fragment(row["result"])
    if row["error"] is not None:
        body["error"] = orjson.Fragment(row["error"])
    return body


async def enqueue(ctx: "Context") -> None:
    """Enqueue the request's submission, in a control scope."""
    submission = ctx.submission
    if submission is None:
        raise RuntimeError(f"{ctx.route.name} promised a job and submitted none")
    await store.enqueue(
        submission.id,
        tenant_id=ctx.principal.tenant_id,
        user_id=ctx.principal.user_id,
        module_id=ctx.kernel.registry.job_modules[submission.job.name],
        kind=submission.job.name,
        payload=dict(submission.payload),
        lane=submission.job.lane,
    )


async def accepted(ctx: "Context") -> web.Response:
    """Answer 202 for the enqueued submission, after waiting as long as `Prefer: wait=n` asks."""
    if ctx.submission is None:
        raise RuntimeError(f"{ctx.route.name} promised a job and submitted none")
    job_id = ctx.submission.id
    seconds = wanted_wait(ctx.request.headers.get("Prefer"))
    row = await wait(
        ctx.kernel.database,
        job_id,
        ctx.principal.tenant_id,
        seconds=seconds or 0,
        stopping=ctx.kernel.stopping,
    )
    response = _answer(row)
    if seconds is not None:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


async def enqueued(ctx: "Context") -> web.Response:
    """Return the same answer from within the transaction that enqueued, before anything can happen."""
    if ctx.submission is None:
        raise RuntimeError(f"{ctx.route.name} promised a job and submitted none")
    row = await store.find(ctx.submission.id, tenant_id=ctx.principal.tenant_id)
    if row is None:
        raise LookupError(ctx.submission.id)
    return _answer(row)


def _answer(row: asyncpg.Record) -> web.Response:
    headers = {"Location": f"/api/jobs/{row['id']}"}
    return web.Response(body=dumps(wire(row)), status=202, headers=headers, content_type="application/json")


def wanted_wait(prefer: str | None) -> int | None:
    """Return the seconds of `Prefer: wait=n`, at most 60; None when it is not asked."""
    match = _WAIT.search(prefer or "")
    return min(int(match[1]), _LONGEST) if match else None


async def wait(
    database: Database, job_id: UUID, tenant_id: UUID, *, seconds: float, stopping: asyncio.Event
) -> asyncpg.Record:
    """Return the job's row once it is final, the time is up, or this process is to stop."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        async with database.control(read_only=True):
            row = await store.find(job_id, tenant_id=tenant_id)
        if row is None:
            raise LookupError(job_id)
        left = deadline - time.monotonic()
        if row["status"] in store.FINAL or left <= 0 or stopping.is_set():
            return row
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, 0.1)
