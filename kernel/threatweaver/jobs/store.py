"""Reads and writes of the job table, in a control scope."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Status

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.queries import Queries

    from threatweaver.events.service import Delivery

FINAL = (Status.COMPLETED.value, Status.FAILED.value, Status.CANCELLED.value)

_COLUMNS = """id, tenant_id, module_id, kind, payload, status, progress, attempts, result, error,
    cancel_requested, created_at, started_at, finished_at"""


def _queue() -> "Queries":
    # Loaded by whoever queues something: it is a tenth of what a command loads, and most queue nothing.
    from pgqueuer.adapters.persistence.queries import Queries
    from pgqueuer.db import AsyncpgDriver

    return Queries(AsyncpgDriver(connection()))


async def enqueue(  # noqa: PLR0913 - a column each
    job_id: UUID,
    *,
    tenant_id: UUID,
    user_id: UUID | None,
    module_id: str | None,
    kind: str,
    payload: dict[str, Any],
    lane: Lane,
) -> None:
    """Add a job and its queue entry in the current transaction."""
    (queue_id,) = await _queue().enqueue(lane.value, job_id.bytes)
    await connection().execute(
        """INSERT INTO job (id, tenant_id, user_id, module_id, kind, payload, status, progress, attempts,
                            queue_id, cancel_requested, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, 0, $7, false, now())""",
        job_id,
        tenant_id,
        user_id,
        module_id,
        kind,
        orjson.dumps(payload, default=str).decode(),
        queue_id,
    )


async def enqueue_many(deliveries: "Sequence[Delivery]") -> None:
    """Add a job and its queue entry for each delivery, in the current transaction; nobody asked for them."""
    ids = [uuid7() for _ in deliveries]
    lanes, schemas, kinds, modules, payloads = zip(*deliveries, strict=True)
    queued = await _queue().enqueue(list(lanes), [item.bytes for item in ids], [0] * len(ids))
    await connection().execute(
        """INSERT INTO job (id, tenant_id, module_id, kind, payload, status, progress, attempts,
                            queue_id, cancel_requested, created_at)
           SELECT given.id, t.id, given.module_id, given.kind, given.payload, 'queued', 0, 0,
                  given.queue_id, false, now()
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::bigint[])
                AS given (id, schema, kind, module_id, payload, queue_id)
           JOIN tenant t ON t.schema = given.schema""",
        ids,
        schemas,
        kinds,
        modules,
        payloads,
        list(queued),
    )


async def requeue(job_id: UUID, *, lane: Lane, delay: timedelta) -> None:
    """Put a job back for another attempt after a delay; not one that has its final state."""
    running = "SELECT 1 FROM job WHERE id = $1 AND status = 'running' FOR UPDATE"
    if not await connection().fetchval(running, job_id):
        return
    await _queue_anew(job_id, lane, delay)


async def give_back(job_id: UUID, lanes: Mapping[str, Lane]) -> None:
    """Queue a job anew whose run was broken off; not one that has its final state."""
    unfinished = "SELECT kind FROM job WHERE id = $1 AND status IN ('queued', 'running') FOR UPDATE"
    kind = await connection().fetchval(unfinished, job_id)
    if kind in lanes:
        await _queue_anew(job_id, lanes[kind], None)


async def put_back_lost() -> None:
    """Let jobs wait for `release_served` of which the queue knows nothing any more."""
    await connection().execute(
        """UPDATE job SET status = 'queued', queue_id = NULL
           WHERE status IN ('queued', 'running') AND queue_id IS NOT NULL
             AND coalesce(started_at, created_at) < now() - interval '1 minute'
             AND NOT EXISTS (SELECT 1 FROM pgqueuer q WHERE q.id = job.queue_id)"""
    )


async def put_off(job_id: UUID, lanes: Mapping[str, Lane], *, delay: timedelta) -> None:
    """Let a job that has not begun come again after a delay."""
    kind = await connection().fetchval("SELECT kind FROM job WHERE id = $1 FOR UPDATE", job_id)
    await _queue_anew(job_id, lanes[kind], delay)


async def _queue_anew(job_id: UUID, lane: Lane, delay: timedelta | None) -> None:
    (queue_id,) = await _queue().enqueue(lane.value, job_id.bytes, execute_after=delay)
    await connection().execute(
        "UPDATE job SET status = 'queued', queue_id = $2 WHERE id = $1", job_id, queue_id
    )


async def find(job_id: UUID, *, tenant_id: UUID | None = None) -> asyncpg.Record | None:
    """Return a job's row, only of this tenant if one is given."""
    return await connection().fetchrow(
        f"SELECT {_COLUMNS} FROM job WHERE id = $1 AND ($2::uuid IS NULL OR tenant_id = $2)",
        job_id,
        tenant_id,
    )


async def page(
    tenant_id: UUID, *, status: list[str] | None, limit: int, offset: int
) -> tuple[list[asyncpg.Record], int]:
    """Return one page of a tenant's jobs, newest first, and their number.

    The kernel's own jobs that nobody asked for, like sending mail, are not among them.
    """
    where = """tenant_id = $1 AND ($2::text[] IS NULL OR status = ANY($2))
        AND (user_id IS NOT NULL OR kind NOT LIKE 'kernel.%')"""
    rows = await connection().fetch(
        f"SELECT {_COLUMNS} FROM job WHERE {where} ORDER BY created_at DESC, id LIMIT $3 OFFSET $4",
        tenant_id,
        status,
        limit,
        offset,
    )
    total = await connection().fetchval(f"SELECT count(*) FROM job WHERE {where}", tenant_id, status)
    return rows, total


async def start(job_id: UUID) -> asyncpg.Record | None:
    """Mark a job as running and count the attempt; None when it is final already."""
    return await connection().fetchrow(
        f"""UPDATE job SET status = 'running', attempts = attempts + 1,
                   started_at = coalesce(started_at, now())
            WHERE id = $1 AND status IN ('queued', 'running') RETURNING {_COLUMNS}""",
        job_id,
    )


async def report_progress(job_id: UUID, percent: int) -> bool:
    """Store progress; return whether somebody asked to cancel."""
    return bool(
        await connection().fetchval(
            "UPDATE job SET progress = $2 WHERE id = $1 RETURNING cancel_requested", job_id, percent
        )
    )


async def finish(
    job_id: UUID, status: Status, *, result: Any = None, error: dict[str, Any] | None = None
) -> None:
    """Give a job its final state; one that has it keeps it, whatever a second run of it says."""
    await connection().execute(
        """UPDATE job SET status = $2::text, progress = CASE WHEN $2 = 'completed' THEN 100 ELSE progress END,
                  result = $3::jsonb, error = $4::jsonb, finished_at = now()
           WHERE id = $1 AND status IN ('queued', 'running')""",
        job_id,
        status.value,
        None if result is None else orjson.dumps(result, default=str).decode(),
        None if error is None else orjson.dumps(error, default=str).decode(),
    )


async def cancel(job_id: UUID, *, tenant_id: UUID) -> str | None:
    """Cancel a queued job, ask a running one to stop; return the status before, None when unknown.

    The queue's entry stays, so that a worker comes by and cleans up.
    """
    row = await connection().fetchrow(
        "SELECT status FROM job WHERE id = $1 AND tenant_id = $2 FOR UPDATE", job_id, tenant_id
    )
    if row is None:
        return None
    if row["status"] == Status.QUEUED:
        await finish(job_id, Status.CANCELLED)
    elif row["status"] == Status.RUNNING:
        await connection().execute("UPDATE job SET cancel_requested = true WHERE id = $1", job_id)
    return str(row["status"])


async def park(job_id: UUID, served: Collection[str]) -> bool:
    """Put a job aside, without a queue entry, if its tenant is suspended or nobody serves its kind.

    Return whether it was. The tenant's row is held, so that resuming it at the same time either sees this job
    or comes first.
    """
    parked = await connection().fetchval(
        """WITH held AS (
               SELECT j.id FROM job j JOIN tenant t ON t.id = j.tenant_id
               WHERE j.id = $1 AND j.status IN ('queued', 'running')
                 AND (t.suspended_at IS NOT NULL OR NOT j.kind = ANY($2))
               FOR SHARE OF t)
           UPDATE job SET status = 'queued', queue_id = NULL FROM held
           WHERE job.id = held.id RETURNING job.id""",
        job_id,
        list(served),
    )
    return parked is not None


async def release_parked(tenant_id: UUID, lanes: Mapping[str, Lane]) -> int:
    """Queue the jobs that were put aside while the tenant was suspended; return how many there were.

    `lanes` says where jobs of each kind stand; those of other kinds go on waiting for their module.
    """
    return await _release(lanes, "tenant_id = $2", tenant_id)


async def release_served(lanes: Mapping[str, Lane]) -> int:
    """Queue the jobs that waited for a module which is there now; return how many there were."""
    return await _release(lanes, "tenant_id IN (SELECT id FROM tenant WHERE suspended_at IS NULL)")


async def _release(lanes: Mapping[str, Lane], condition: str, *values: Any) -> int:
    rows = await connection().fetch(
        f"""SELECT id, kind FROM job
            WHERE status = 'queued' AND queue_id IS NULL AND kind = ANY($1) AND {condition}
            FOR UPDATE SKIP LOCKED""",
        list(lanes),
        *values,
    )
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    places = [lanes[row["kind"]].value for row in rows]
    queued = await _queue().enqueue(places, [item.bytes for item in ids], [0] * len(ids))
    await connection().execute(
        """UPDATE job SET queue_id = given.queue_id
           FROM unnest($1::uuid[], $2::bigint[]) AS given (id, queue_id) WHERE job.id = given.id""",
        ids,
        list(queued),
    )
    return len(ids)


async def unqueue(tenant_id: UUID) -> None:
    """Delete the queue's entries of a tenant's jobs."""
    await connection().execute(
        "DELETE FROM pgqueuer WHERE id IN (SELECT queue_id FROM job WHERE tenant_id = $1)", tenant_id
    )


async def is_pending(tenant_id: UUID, kind: str) -> bool:
    """Say whether a job of this kind waits or runs for the tenant."""
    pending = "SELECT 1 FROM job WHERE tenant_id = $1 AND kind = $2 AND status IN ('queued', 'running')"
    return bool(await connection().fetchval(pending, tenant_id, kind))


async def waiting(tenant_id: UUID) -> list[asyncpg.Record]:
    """Return kind and payload of a tenant's jobs that have not begun."""
    rows: list[asyncpg.Record] = await connection().fetch(
        "SELECT kind, payload FROM job WHERE tenant_id = $1 AND status = 'queued'", tenant_id
    )
    return rows


async def running(tenant_id: UUID) -> int:
    """Return how many jobs of a tenant are running."""
    return int(
        await connection().fetchval(
            "SELECT count(*) FROM job WHERE tenant_id = $1 AND status = 'running'", tenant_id
        )
    )


async def schema_of(tenant_id: UUID) -> str | None:
    """Return a tenant's schema."""
    schema: str | None = await connection().fetchval("SELECT schema FROM tenant WHERE id = $1", tenant_id)
    return schema
