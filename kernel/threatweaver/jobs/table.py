"""Declaring jobs: a table per plugin folder, a decorator per job."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from threatweaver.http.route import Scope
from threatweaver.jobs.lanes import Lane

JobFunction = Callable[..., Awaitable[Any]]
Chooser = Callable[[], Awaitable[Collection[UUID]]]
"""Which tenants have something to do, asked in a control scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A named function that the worker runs for one tenant; it must be safe to run twice."""

    name: str
    function: JobFunction
    timeout: timedelta
    attempts: int
    summary: str
    cleanup: JobFunction | None = None
    every: timedelta | None = None
    only: Chooser | None = None
    scope: Scope = Scope.TENANT
    lane: Lane = Lane.WORK


class JobTable:
    """The jobs of one folder."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def job(  # noqa: PLR0913 - an option each
        self,
        name: str,
        *,
        timeout: timedelta,
        attempts: int = 3,
        cleanup: JobFunction | None = None,
        every: timedelta | None = None,
        only: Chooser | None = None,
        scope: Scope = Scope.TENANT,
        lane: Lane = Lane.WORK,
    ) -> Callable[[Callable[..., Awaitable[Any]]], Job]:
        """Declare a job `<plugin>.<verb>_<noun>`.

        The function is called as `f(run, **payload)` inside the tenant's transaction, or in none with
        `Scope.NONE`; what it returns becomes the job's `result`. It is tried at most `attempts` times when
        the database or the worker is lost, or when it raises JobPostponed; anything else it raises ends it
        at once. `cleanup(**payload)` runs when it is over. A job that waits for other systems belongs into
        `Lane.OUTWARD`, and holds no transaction meanwhile (`Scope.NONE`).

        With `every` (whole minutes) the worker calls it for each tenant at that interval, without payload;
        it leaves no row among the tenant's jobs, and a failure shows in the log and is tried next time.
        A job that mostly finds nothing to do says by `only` which tenants have something, in one statement.
        Raises ValueError when `every` is no whole number of minutes, or an outward job has a transaction.
        """
        if every is not None and (every < timedelta(minutes=1) or every % timedelta(minutes=1)):
            raise ValueError(f"{name}: `every` must be whole minutes")
        if lane is Lane.OUTWARD and scope is not Scope.NONE:
            raise ValueError(f"{name}: what waits for other systems must hold no transaction: Scope.NONE")

        def declare(function: Callable[..., Awaitable[Any]]) -> Job:
            job = Job(
                name=name,
                function=function,
                timeout=timeout,
                attempts=attempts,
                summary=(function.__doc__ or "").split("\n")[0],
                cleanup=cleanup,
                every=every,
                only=only,
                scope=scope,
                lane=lane,
            )
            self.jobs.append(job)
            return job

        return declare
