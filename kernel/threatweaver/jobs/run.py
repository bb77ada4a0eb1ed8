"""One run of a job, as its function sees it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from threatweaver import running
from threatweaver.audit import service as audit
from threatweaver.db.transaction import Database
from threatweaver.http.route import Scope
from threatweaver.jobs import store
from threatweaver.jobs.table import Job

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_EVERY = 0.5  # seconds between two reports of progress


class JobCancelled(Exception):
    """Somebody cancelled the job; its transaction is rolled back."""


class JobPostponed(Exception):
    """The job cannot be done now: another attempt, if one is left, begins after `delay`."""

    def __init__(self, delay: timedelta) -> None:
        self.delay = delay
        super().__init__(f"postponed by {delay}")


@dataclass(slots=True, kw_only=True)
class JobRun:
    """Identity of the run, and its line to the outside: progress and cancellation."""

    id: UUID
    tenant_id: UUID
    schema: str
    attempt: int
    kernel: "Kernel" = field(repr=False)
    stopping: asyncio.Event = field(default_factory=asyncio.Event, repr=False)  # the worker is to end
    _reported: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def database(self) -> Database:
        """Return the door to transactions beside the job's own."""
        return self.kernel.database

    @property
    def settings(self) -> Mapping[str, Mapping[str, int | str]]:
        """Return the plugins' settings."""
        return self.kernel.registry.settings

    async def progress(self, percent: float) -> None:
        """Report 0 to 100, at most twice a second. Raises JobCancelled when the job was cancelled.

        The report is a transaction of its own, so it shows while the job's own is still open.
        """
        now = time.monotonic()
        whole = max(0, min(99, int(percent)))
        async with self._lock:
            if now - self._reported < _EVERY:
                return
            self._reported = now
            async with self.database.control():
                cancelled = await store.report_progress(self.id, whole)
        if cancelled:
            raise JobCancelled

    async def record(
        self, action: str, *, target: str, refused: bool = False, after: Mapping[str, Any] | None = None
    ) -> None:
        """Add a line of the job's own to its tenant's log, last in the current transaction.

        For what the line of the whole job does not say, as what it refused to do. `action` begins with the
        plugin's name, as in `appsec.refuse_request`.
        """
        outcome: Literal["success", "failure"] = "failure" if refused else "success"
        await audit.job_line(self, action, target=target, outcome=outcome, after=after)


async def call(job: Job, run: JobRun, payload: Mapping[str, Any]) -> Any:
    """Call a job's function, in its tenant's transaction if it wants one, and return its result.

    The limits of a request's connection do not hold here; a job is bounded by its own timeout.
    """
    with running.on(run.kernel):
        if job.scope is Scope.NONE:
            return await job.function(run, **payload)
        async with run.database.tenant(run.schema) as unit:
            await unit.connection.execute(
                "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            result = await job.function(run, **payload)
            await unit.conclude()
            await audit.job_done(run, job.name)
            return result
