"""Subscribing to events: a table per plugin folder, a decorator per subscriber."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from threatweaver.events.encoding import decode
from threatweaver.http.route import Scope
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.table import Job, JobTable

if TYPE_CHECKING:
    from threatweaver.jobs.run import JobRun

Event = TypeVar("Event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A function that takes the events of one type; the worker calls it through `job`."""

    event: type
    function: Callable[..., Awaitable[Any]]
    job: Job


class SubscriberTable:
    """The subscribers of one folder."""

    def __init__(self) -> None:
        self.subscribers: list[Subscriber] = []

    def on(
        self,
        event: type[Event],
        name: str,
        *,
        timeout: timedelta,
        attempts: int = 3,
        scope: Scope = Scope.TENANT,
        lane: Lane = Lane.WORK,
    ) -> "Callable[[Callable[[JobRun, Event], Awaitable[Any]]], Subscriber]":
        """Declare the job `<plugin>.<verb>_<noun>` that takes each published event of a type.

        The function is called as `f(run, event)` after the publisher's commit, in the same tenant, in a
        transaction of its own: at least once, so it must be safe to run twice, and in no certain order.
        It is a job like any other; `JobTable.job` says what the options mean, and what is raised for them.
        An event that does not fit its type any more, after an upgrade, ends the job as EVENT_UNREADABLE.
        """

        def declare(function: "Callable[[JobRun, Event], Awaitable[Any]]") -> Subscriber:
            async def deliver(run: "JobRun", *, event: Mapping[str, Any]) -> Any:
                return await function(run, decode(kind, event))

            kind, deliver.__doc__ = event, function.__doc__
            declared = JobTable().job(name, timeout=timeout, attempts=attempts, scope=scope, lane=lane)
            job = declared(deliver)
            subscriber = Subscriber(event=kind, function=function, job=job)
            self.subscribers.append(subscriber)
            return subscriber

        return declare
