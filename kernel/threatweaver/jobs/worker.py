"""The worker: takes jobs from pgqueuer and runs each as its tenant, with timeout, retry and cancel.

Execution is at least once: a job whose worker died is picked up again after the heartbeat timeout, and
attempts are counted here, so that a job that kills its worker cannot come back for ever.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import FailingListenerError
from pgqueuer.models import Context as QueueContext
from pgqueuer.models import Job as QueueJob
from pgqueuer.models import Schedule as QueueSchedule

from threatweaver import log
from threatweaver.db.transaction import CONTROL, LOST, keep_session
from threatweaver.http.errors import ApiError
from threatweaver.http.failures import translate
from threatweaver.jobs import outcome, schedule, store
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Status
from threatweaver.jobs.run import JobCancelled, JobPostponed, JobRun, call
from threatweaver.jobs.table import Job
from threatweaver.kernel import Kernel
from threatweaver.license import history
from threatweaver.tenancy import provision

_HEARTBEAT = timedelta(seconds=6)
_POLL = timedelta(seconds=5)
_PROBE = timedelta(seconds=10)
_SET_UP = timedelta(seconds=2)  # until a module's tables are looked for again
_PLACES = {Lane.WORK: 4, Lane.OUTWARD: 8}
_log = log.get(__name__)


class _TookTooLong(Exception):
    pass


class Worker:
    """One worker process."""

    def __init__(
        self, kernel: Kernel, *, places: Mapping[Lane, int] = _PLACES, scheduled: bool = True
    ) -> None:
        self._kernel = kernel
        self._places = places
        self._scheduled = scheduled
        self._queuers: list[PgQueuer] = []
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Take and run jobs until `stop`. Raises what the database connection raises when it is lost."""
        pool = await asyncpg.create_pool(
            self._kernel.database.dsn,
            min_size=2,
            max_size=6,
            reset=keep_session,  # the queue sets nothing, and what listens is not given back
            server_settings={"search_path": CONTROL, "application_name": "threatweaver worker"},
        )
        try:
            work, *others = [self._queuer_of(lane, pool) for lane in Lane]
            work.schedule(schedule.ENTRYPOINT, schedule.EVERY_MINUTE)(self._tick)
            self._queuers = [work, *others]
            if self._stopping.is_set():  # asked to stop while the pool was opening
                return
            async with asyncio.TaskGroup() as group:
                runs = [group.create_task(work.run(**_options(self._places[Lane.WORK])))]
                for lane, queuer in zip(
                    list(Lane)[1:], others, strict=True
                ):  # the clock ticks in one of them
                    runs.append(group.create_task(queuer.qm.run(**_options(self._places[lane]))))
                watches = [group.create_task(_listens(queuer)) for queuer in self._queuers]
                await asyncio.wait(runs)
                for watch in watches:
                    watch.cancel()
        except BaseExceptionGroup as group:
            error = group.exceptions[0]  # the others were cancelled for it
            if isinstance(error, FailingListenerError):
                raise ConnectionError("the job queue does not hear its notifications") from error
            raise error from None
        finally:
            pool.terminate()

    def _queuer_of(self, lane: Lane, pool: asyncpg.Pool) -> PgQueuer:
        queuer = PgQueuer.from_asyncpg_pool(pool)
        queuer.entrypoint(lane.value, accepts_context=True)(self._take)
        return queuer

    def stop(self) -> None:
        """Take no more jobs; `run` returns when the current ones are done, which are told of it."""
        self._stopping.set()
        for queuer in self._queuers:
            queuer.shutdown.set()

    async def _tick(self, _: QueueSchedule) -> None:
        kernel = self._kernel
        await history.watch(kernel.database, kernel.license, datetime.now(UTC))
        async with kernel.database.control():
            await store.put_back_lost()
            # Those too that a worker put aside which did not know their module yet.
            await store.release_served(kernel.registry.lanes)
        if self._scheduled:
            await schedule.run_due(self._kernel, int(time.time() // 60))

    async def _take(self, entry: QueueJob, _: QueueContext) -> None:
        if entry.payload is None:
            return
        job_id = UUID(bytes=bytes(entry.payload))
        try:
            await self._begin(job_id)
        except asyncio.CancelledError:
            # This worker breaks off, for it lost its listener: pgqueuer then forgets what it had begun.
            await asyncio.shield(self._give_back(job_id))
            raise

    async def _give_back(self, job_id: UUID) -> None:
        with suppress(*LOST):  # then the next minute's tick finds it
            async with self._kernel.database.control():
                await store.give_back(job_id, self._kernel.registry.lanes)

    async def _begin(self, job_id: UUID) -> None:
        async with self._kernel.database.control():
            if await store.park(job_id, self._kernel.registry.jobs):
                return
            if not await self._has_tables(job_id):
                await store.put_off(job_id, self._kernel.registry.lanes, delay=_SET_UP)
                return
            row = await store.start(job_id)
            schema = row and await store.schema_of(row["tenant_id"])
            final = None if row else await store.find(job_id)
        if final is not None:
            await self._tidy(final)
        if row is None or schema is None:
            return
        with structlog.contextvars.bound_contextvars(job=str(job_id), kind=row["kind"]):
            await self._attempt(row, schema)

    async def _has_tables(self, job_id: UUID) -> bool:
        """Say whether the module of a job has its tables in the job's tenant, in a control scope."""
        row = await store.find(job_id)
        needed = self._kernel.registry.tables_for(row["kind"]) if row else None
        if row is None or needed is None:
            return True
        app, version = needed
        return await provision.version_of(row["tenant_id"], app) == version

    async def _tidy(self, row: asyncpg.Record) -> None:
        """Clean up after a job that was cancelled before it began, or whose worker died at the very end."""
        job = self._kernel.registry.jobs.get(row["kind"])
        if job is not None:
            await _clean(job, orjson.loads(row["payload"]))

    async def _attempt(self, row: asyncpg.Record, schema: str) -> None:
        job = self._kernel.registry.jobs[row["kind"]]
        payload = orjson.loads(row["payload"])
        if row["attempts"] > job.attempts:
            await self._fail(job, row, payload, _error("WORKER_LOST", "The worker died at every attempt."))
            return
        try:
            if row["cancel_requested"]:  # of a worker that died before it saw the request
                raise JobCancelled
            result = await self._call(job, row, schema, payload)
        except JobCancelled:
            await self._finish(row, Status.CANCELLED)
            await _clean(job, payload)
        except _TookTooLong:
            await self._fail(job, row, payload, _error("JOB_TIMEOUT", f"It took longer than {job.timeout}."))
        except Exception as error:  # noqa: BLE001 - the process edge: whatever a job raises must end in its row
            await self._failed(job, row, payload, error)
        else:
            await self._complete(job, row, payload, result)

    async def _complete(self, job: Job, row: asyncpg.Record, payload: Mapping[str, Any], result: Any) -> None:
        try:
            await self._finish(row, Status.COMPLETED, result=result)
        except (TypeError, asyncpg.PostgresError) as error:  # the result is no JSON that PostgreSQL takes
            _log.error("job_result_refused", exc_info=error)
            await self._finish(row, Status.FAILED, error=_error("INTERNAL_ERROR", "Its result is no JSON."))
        await _clean(job, payload)
        _log.info("job_completed")

    async def _call(self, job: Job, row: asyncpg.Record, schema: str, payload: Mapping[str, Any]) -> Any:
        run = JobRun(
            id=row["id"],
            tenant_id=row["tenant_id"],
            schema=schema,
            attempt=row["attempts"],
            kernel=self._kernel,
            stopping=self._stopping,
        )
        _log.info("job_started", attempt=run.attempt)
        limit = asyncio.timeout(job.timeout.total_seconds())
        try:
            async with limit:
                return await call(job, run, payload)
        except TimeoutError:
            if limit.expired():
                raise _TookTooLong from None
            raise  # a connection's own: worth another attempt

    async def _failed(
        self, job: Job, row: asyncpg.Record, payload: Mapping[str, Any], error: Exception
    ) -> None:
        """Fail at once what will not heal by itself; try again when the database or a lock was the cause."""
        if isinstance(error, JobPostponed) and row["attempts"] < job.attempts:
            later = error.delay
            await self._patiently(lambda: store.requeue(row["id"], lane=job.lane, delay=later))
            return
        known = translate(error)
        if isinstance(error, ApiError) and error.status != 503:
            await self._fail(job, row, payload, _of(error))
            return
        _log.error("job_raised", attempt=row["attempts"], exc_info=error)
        if known is None or known.status != 503 or row["attempts"] >= job.attempts:
            last = _error("INTERNAL_ERROR", f"Attempt {row['attempts']} failed; the log has the reason.")
            await self._fail(job, row, payload, last)
            return
        delay = timedelta(seconds=2 ** row["attempts"])
        await self._patiently(lambda: store.requeue(row["id"], lane=job.lane, delay=delay))

    async def _fail(
        self, job: Job, row: asyncpg.Record, payload: Mapping[str, Any], error: dict[str, Any]
    ) -> None:
        _log.warning("job_failed", code=error["code"])
        await self._finish(row, Status.FAILED, error=error)
        await _clean(job, payload)

    async def _finish(
        self, row: asyncpg.Record, status: Status, *, result: Any = None, error: dict[str, Any] | None = None
    ) -> None:
        async def write() -> None:
            await store.finish(row["id"], status, result=result, error=error)
            await outcome.tell(self._kernel, row, status, error)

        await self._patiently(write)

    async def _patiently(self, write: Any) -> None:
        """Write to the job's row, waiting up to a minute for a database that is coming back."""
        for pause in (0.2, 0.5, 1, 2, 4, 8, 15, 30):
            try:
                async with self._kernel.database.control():
                    await write()
            except LOST as error:
                known = translate(error)
                if known is None or known.status != 503:
                    raise
                await asyncio.sleep(pause)
            else:
                return
        _log.error("job_state_not_written")


async def _listens(queuer: PgQueuer) -> None:
    """Raise FailingListenerError when a queuer does not hear its notifications any more.

    Two probes in a row must be lost: the first of all may be sent before the queuer listens. For that,
    pgqueuer's own watch would start the worker anew, so it is off.
    """
    while True:
        try:
            await queuer.qm.listener_healthy(_PROBE)
        except FailingListenerError:
            await queuer.qm.listener_healthy(_PROBE)
        await asyncio.sleep(_PROBE.total_seconds())


def _options(places: int) -> dict[str, Any]:
    return {
        "dequeue_timeout": _POLL,
        "batch_size": places // 2,
        "max_concurrent_tasks": places,
        "heartbeat_timeout": _HEARTBEAT,
    }


async def _clean(job: Job, payload: Mapping[str, Any]) -> None:
    if job.cleanup is not None:
        await job.cleanup(**payload)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def _of(error: ApiError) -> dict[str, Any]:
    return {
        "status": error.status,
        "error": error.heading,
        **_error(error.code, error.message),
        **error.members,
    }
